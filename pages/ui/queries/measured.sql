-- What stands behind a figure of one setting: one row, or none when nothing was measured.
SELECT
    d.title AS dataset,
    d.note,
    d.source,
    d.license,
    d.citation,
    len(d.skipped) AS skipped,
    d.kind = 'published' AS published,
    a.n,
    a.k,
    a.sigma,
    a.metric_label,
    a.higher_is_closer,
    a.truncation,
    a.normalized,
    a.precision,
    a.pooling,
    a.prompt,
    any_value(a.chance) AS chance,
    CASE WHEN count(a.null_best_mean) = count(*) THEN min(a.null_best_mean) END AS null_best_low,
    CASE WHEN count(a.null_best_mean) = count(*) THEN max(a.null_best_mean) END AS null_best_high,
    a.modality_x,
    a.modality_y,
    count(DISTINCT a.model_x) AS models_x,
    count(DISTINCT a.model_y) AS models_y,
    len(list_distinct(
        list(a.model_x) FILTER (NOT a.trained_x) || list(a.model_y) FILTER (NOT a.trained_y)
    )) AS untrained_models,
    -- Two models of one modality may stand in both orders.
    count(DISTINCT a.unit_key) AS pairs,
    string_agg(DISTINCT nullif(a.permutations, 0), ', ') AS permutations,
    string_agg(DISTINCT CASE WHEN a.permutations > 0 THEN a.seed END, ', ') AS seeds,
    max(a.interval_level) AS interval_level,
    max(a.interval_method) AS interval_method,
    string_agg(DISTINCT a.run_id, ', ' ORDER BY a.run_id) AS runs,
    strftime(max(a.finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM alignment AS a
JOIN datasets AS d ON d.dataset_id = a.dataset_id AND d.row_order = a.row_order
WHERE
    a.modality_x = $modality_x
    AND a.modality_y = $modality_y
    AND
    -- include in_setting.sql
GROUP BY ALL
