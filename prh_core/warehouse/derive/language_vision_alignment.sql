-- The newest scores of language with vision models, named; rows of one setting lie together.
INSERT INTO language_vision_alignment BY NAME
WITH named AS (
    SELECT
        s.score, s.null_mean AS chance, s.calibrated, s.p_value, s.null_threshold,
        s.null_best_mean, s.interval_low, s.interval_high, s.interval_level, s.interval_method,
        s.selection_free, s.tied_x AS language_tied, s.tied_y AS vision_tied,
        s.permutations, s.seed,
        s.metric, coalesce(m.label, s.metric) AS metric_label,
        coalesce(m.higher_is_closer, true) AS higher_is_closer,
        s.k, s.sigma, s.n, s.truncation, s.normalized, s.precision, s.pooling_x AS pooling,
        s.pooling_y, s.prompt_x AS prompt,
        l.model_id AS language_model, l.label AS language_label, l.family AS language_family,
        l.parameters AS language_parameters, l.trained AS language_trained,
        v.model_id AS vision_model, v.label AS vision_label, v.family AS vision_family,
        v.parameters AS vision_parameters, v.trained AS vision_trained,
        s.layer_names_x[s.layer_x + 1] AS language_layer,
        s.layer_names_y[s.layer_y + 1] AS vision_layer,
        s.layer_x AS language_layer_index, s.layer_y AS vision_layer_index,
        s.single_layer_score,
        s.layer_names_x[s.single_layer_x + 1] AS single_language_layer,
        s.layer_names_y[s.single_layer_y + 1] AS single_vision_layer,
        coalesce(len(s.layer_names_x) > 0 AND len(s.layer_names_y) > 0, false) AS layered,
        d.dataset_id, d.title AS dataset, d.row_order, s.run_id, s.unit_key, s.finished_at
    FROM current_scores AS s
    JOIN models AS l ON l.model_id = s.model_x AND l.modality = 'language'
    JOIN models AS v ON v.model_id = s.model_y AND v.modality = 'vision'
    JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order
    LEFT JOIN metrics AS m ON m.name = s.metric
),

ranked AS (
    SELECT
        *,
        count(p_value) OVER same AS tested,
        row_number() OVER (same ORDER BY p_value NULLS LAST) AS place
    FROM named
    WINDOW same AS (
        PARTITION BY dataset_id, row_order, metric, k, n, truncation, normalized, sigma, precision,
                     pooling, prompt
    )
)

-- Benjamini and Hochberg: the smallest p * tested / place among this p-value and larger ones.
SELECT
    * EXCLUDE (tested, place),
    CASE WHEN p_value IS NOT NULL THEN least(1, min(p_value * tested / place) OVER (
        PARTITION BY dataset_id, row_order, metric, k, n, truncation, normalized, sigma, precision,
                     pooling, prompt
        ORDER BY p_value DESC NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )) END AS q_value
FROM ranked
ORDER BY
    dataset_id, row_order, metric, k, n, truncation, normalized, sigma, precision, pooling, prompt,
    language_model, vision_model, pooling_y;
