-- What every metric and setting says of every pair of models (paper, Fig. 12). Where lower is
-- closer the sign is turned, so that agreeing metrics correlate positively.
-- $within: pairs of models of that modality; null: language with vision models.
WITH pairs AS (
    SELECT
        metric, metric_label, k, sigma, n, truncation, normalized, precision,
        -- A language model under two poolings is two.
        model_a || CASE modality WHEN 'language' THEN ' ' || pooling || ' ' || prompt ELSE '' END
            AS model_a,
        model_b || CASE modality WHEN 'language' THEN ' ' || pooling || ' ' || prompt ELSE '' END
            AS model_b,
        CASE WHEN higher_is_closer THEN score ELSE -score END AS score
    FROM alignment_within_modality
    WHERE modality = $within AND dataset_id = $dataset_id AND row_order = $row_order
    UNION ALL BY NAME
    SELECT
        metric, metric_label, k, sigma, n, truncation, normalized, precision,
        language_model || ' ' || pooling || ' ' || prompt AS model_a, vision_model AS model_b,
        CASE WHEN higher_is_closer THEN score ELSE -score END AS score
    FROM language_vision_alignment
    WHERE $within IS NULL AND dataset_id = $dataset_id AND row_order = $row_order
    -- Means over batches, settings of their own.
    UNION ALL BY NAME
    SELECT
        metric, metric_label, k, sigma, n, truncation, normalized, precision, batch,
        model_a
        || CASE WHEN coalesce(modality, 'language') = 'language' THEN ' ' || pooling || ' ' || prompt
            ELSE '' END AS model_a,
        model_b || CASE modality WHEN 'language' THEN ' ' || pooling || ' ' || prompt ELSE '' END
            AS model_b,
        CASE WHEN higher_is_closer THEN score ELSE -score END AS score
    FROM batch_alignment
    WHERE modality IS NOT DISTINCT FROM $within
        AND dataset_id = $dataset_id AND row_order = $row_order
),

-- Named once a setting, not once a pair.
settings AS (
    SELECT DISTINCT metric, metric_label, k, sigma, n, truncation, normalized, precision, batch
    FROM pairs
),

named AS (
    SELECT
        *,
        concat_ws(
            ', ',
            metric_label,
            'k = ' || k,
            'σ = ' || sigma,
            CASE WHEN count(DISTINCT n) OVER () > 1 THEN 'n = ' || n END,
            CASE WHEN truncation <> 'exact' THEN 'truncation ' || truncation END,
            CASE WHEN NOT normalized THEN 'rows as they are' END,
            CASE WHEN count(DISTINCT coalesce(precision, '')) OVER () > 1 THEN precision END,
            'batches of ' || batch
        ) AS setting,
        row_number() OVER (
            ORDER BY
                metric <> 'mutual_knn', metric_label, n DESC, k, sigma, truncation, precision,
                batch NULLS FIRST
        ) AS place
    FROM settings
)

SELECT
    s.setting,
    p.metric_label,
    p.k,
    p.n,
    p.model_a,
    p.model_b,
    p.score,
    p.batch
FROM pairs AS p
JOIN named AS s
    ON s.metric = p.metric
    AND s.n = p.n
    AND s.k IS NOT DISTINCT FROM p.k
    AND s.sigma IS NOT DISTINCT FROM p.sigma
    AND s.truncation = p.truncation
    AND s.normalized = p.normalized
    AND s.precision IS NOT DISTINCT FROM p.precision
    AND s.batch IS NOT DISTINCT FROM p.batch
ORDER BY s.place, p.model_a, p.model_b
