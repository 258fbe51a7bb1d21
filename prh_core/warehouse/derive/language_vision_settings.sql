-- Settings of language_vision_alignment, in the order of a list.
INSERT INTO language_vision_settings BY NAME
WITH listed AS (
    SELECT
        a.dataset_id,
        a.row_order,
        a.dataset || CASE
            WHEN count(DISTINCT a.row_order) OVER (PARTITION BY a.dataset) > 1
                THEN ' (order ' || left(a.row_order, 6) || ')'
            ELSE ''
        END AS dataset,
        a.n,
        a.metric,
        a.metric_label,
        a.k,
        a.sigma,
        a.truncation,
        a.normalized,
        a.pooling,
        a.prompt,
        a.precision,
        count(*) AS pairs,
        count(*) FILTER (a.language_trained AND a.vision_trained) AS trained_pairs,
        count(DISTINCT a.k) OVER (
            PARTITION BY
                a.dataset_id, a.row_order, a.n, a.metric, a.sigma, a.truncation, a.normalized,
                a.pooling, a.prompt, a.precision
        ) AS ks,
        count(DISTINCT a.language_model) FILTER (
            a.language_model IN (SELECT model_id FROM skills)
        ) AS skilled,
        count(DISTINCT a.language_model) FILTER (
            a.language_model IN (SELECT model_id FROM skills WHERE predicts_text)
        ) AS predicting,
        a.row_order = 'unknown' AS published,
        max(a.finished_at) AS finished_at
    FROM language_vision_alignment AS a
    GROUP BY
        a.dataset_id, a.dataset, a.row_order, a.n, a.metric, a.metric_label, a.k, a.sigma,
        a.truncation, a.normalized, a.pooling, a.prompt, a.precision
),

ordered AS (
    SELECT
        *,
        dataset_id IN (SELECT v.dataset_id FROM caption_sets AS v WHERE v.dataset_id <> v.base_id)
            AS is_variant,
        max(pairs) OVER same AS most_pairs,
        max(finished_at) OVER same AS last_finished
    FROM listed
    WINDOW same AS (PARTITION BY dataset_id, row_order)
)

SELECT
    row_number() OVER (
        ORDER BY
            published,
            is_variant,
            most_pairs DESC,
            last_finished DESC,
            dataset_id, row_order,
            n DESC,
            metric <> 'mutual_knn', metric,
            abs(coalesce(k, 10) - 10), k,
            sigma NULLS FIRST,
            truncation <> 'exact', truncation,
            NOT normalized,
            pooling <> 'mean', pooling,
            prompt <> 'none', prompt,
            pairs DESC, precision IS DISTINCT FROM 'float32', precision
    ) AS place,
    * EXCLUDE (is_variant, most_pairs, last_finished, finished_at)
FROM ordered
ORDER BY place;
