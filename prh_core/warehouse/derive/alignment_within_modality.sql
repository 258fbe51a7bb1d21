-- The newest scores of models of one modality, unordered pairs; rows of one setting lie together.
INSERT INTO alignment_within_modality BY NAME
WITH ordered AS (
    SELECT
        s.*, x.modality,
        least(s.model_x, s.model_y) AS model_a, greatest(s.model_x, s.model_y) AS model_b,
        -- A caption's pooling is chosen for both models alike; others have one of their own.
        CASE x.modality WHEN 'language' THEN s.pooling_x ELSE 'own' END AS pooling,
        CASE x.modality WHEN 'language' THEN s.prompt_x ELSE 'none' END AS prompt
    FROM current_scores AS s
    JOIN models AS x ON x.model_id = s.model_x
    JOIN models AS y ON y.model_id = s.model_y AND y.modality = x.modality
    WHERE s.model_x <> s.model_y
        AND (
            x.modality <> 'language' OR (s.pooling_x = s.pooling_y AND s.prompt_x = s.prompt_y)
        )
),

-- A metric that is not symmetric has a row each way.
paired AS (
    SELECT
        modality, dataset_id, row_order, n, metric, k, sigma, truncation, normalized, precision,
        pooling, prompt, model_a, model_b,
        avg(score) AS score, avg(single_layer_score) AS single_layer_score,
        avg(calibrated) AS calibrated, avg(null_mean) AS chance,
        -- Of two directions both must be known, and the weaker evidence counts.
        CASE WHEN count(p_value) = count(*) THEN max(p_value) END AS p_value,
        CASE WHEN count(null_best_mean) = count(*) THEN avg(null_best_mean) END AS null_best_mean,
        CASE WHEN count(null_threshold) = count(*) THEN avg(null_threshold) END AS null_threshold,
        min(coalesce(permutations, 0)) AS permutations,
        count(*) AS directions,
        string_agg(DISTINCT run_id, ', ' ORDER BY run_id) AS runs,
        max(finished_at) AS finished_at
    FROM ordered
    GROUP BY ALL
),

named AS (
    SELECT
        p.*, d.title AS dataset, coalesce(m.label, p.metric) AS metric_label,
        coalesce(m.higher_is_closer, true) AS higher_is_closer,
        a.label AS label_a, a.family AS family_a, a.objective AS objective_a,
        a.trained AS trained_a,
        b.label AS label_b, b.family AS family_b, b.objective AS objective_b,
        b.trained AS trained_b
    FROM paired AS p
    JOIN models AS a ON a.model_id = p.model_a
    JOIN models AS b ON b.model_id = p.model_b
    JOIN datasets AS d ON d.dataset_id = p.dataset_id AND d.row_order = p.row_order
    LEFT JOIN metrics AS m ON m.name = p.metric
),

ranked AS (
    SELECT
        *,
        count(p_value) OVER same AS tested,
        row_number() OVER (same ORDER BY p_value NULLS LAST) AS place
    FROM named
    WINDOW same AS (
        PARTITION BY modality, dataset_id, row_order, metric, k, n, truncation, normalized, sigma,
                     precision, pooling, prompt
    )
)

-- Benjamini and Hochberg, as in alignment.
SELECT
    * EXCLUDE (tested, place),
    CASE WHEN p_value IS NOT NULL THEN least(1, min(p_value * tested / place) OVER (
        PARTITION BY modality, dataset_id, row_order, metric, k, n, truncation, normalized, sigma,
                     precision, pooling, prompt
        ORDER BY p_value DESC NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )) END AS q_value
FROM ranked
ORDER BY
    modality, dataset_id, row_order, metric, k, n, truncation, normalized, sigma, precision,
    pooling, prompt, model_a, model_b;
