-- Raw and calibrated alignment of every trained model of one side, mean over those of the other,
-- beside its number of parameters, under each metric in its customary setting (Groger et al. 2026).
-- $of_y: whether models of the second side are told, else those of the first.
WITH customary AS (
    SELECT * FROM alignment_settings
    WHERE modality_x = $modality_x AND modality_y = $modality_y AND dataset_id = $dataset_id
        AND row_order = $row_order AND trained_pairs > 0 AND NOT published
    QUALIFY row_number() OVER (PARTITION BY metric ORDER BY place) = 1
),

pairs AS (
    SELECT
        a.*,
        CASE WHEN m.uses_all_samples THEN 'global' ELSE 'local' END AS scope,
        CASE WHEN $of_y THEN a.label_y ELSE a.label_x END AS model,
        CASE WHEN $of_y THEN a.family_y ELSE a.family_x END AS family,
        log10(CASE WHEN $of_y THEN a.parameters_y ELSE a.parameters_x END) AS log_parameters,
        CASE WHEN a.higher_is_closer THEN a.score ELSE -a.score END AS closeness
    FROM alignment AS a
    JOIN customary AS c
        ON c.metric = a.metric
        AND c.n = a.n
        AND c.k IS NOT DISTINCT FROM a.k
        AND c.sigma IS NOT DISTINCT FROM a.sigma
        AND c.truncation = a.truncation
        AND c.normalized = a.normalized
        AND c.precision IS NOT DISTINCT FROM a.precision
        AND c.pooling = a.pooling
        AND c.prompt = a.prompt
    JOIN metrics AS m ON m.name = a.metric
    WHERE a.modality_x = $modality_x AND a.modality_y = $modality_y
        AND a.dataset_id = $dataset_id AND a.row_order = $row_order
        AND a.trained_x AND a.trained_y AND a.calibrated IS NOT NULL
)

SELECT
    metric_label, scope, model, log_parameters,
    avg(closeness) AS raw,
    avg(calibrated) AS calibrated,
    avg(null_best_mean) AS null_best_mean,
    count(*) AS pairs,
    k, n, metric, family
FROM pairs
WHERE log_parameters IS NOT NULL
GROUP BY metric_label, scope, model, log_parameters, k, n, metric, family
ORDER BY scope, metric_label, log_parameters, model
