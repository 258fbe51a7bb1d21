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
    count(DISTINCT a.language_model) AS language_models,
    count(DISTINCT a.vision_model) AS vision_models,
    count(DISTINCT a.language_model) FILTER (NOT a.language_trained)
    + count(DISTINCT a.vision_model) FILTER (NOT a.vision_trained) AS untrained_models,
    count(*) AS pairs,
    string_agg(DISTINCT nullif(a.permutations, 0), ', ') AS permutations,
    string_agg(DISTINCT CASE WHEN a.permutations > 0 THEN a.seed END, ', ') AS seeds,
    max(a.interval_level) AS interval_level,
    max(a.interval_method) AS interval_method,
    string_agg(DISTINCT a.run_id, ', ' ORDER BY a.run_id) AS runs,
    strftime(max(a.finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM language_vision_alignment AS a
JOIN datasets AS d ON d.dataset_id = a.dataset_id AND d.row_order = a.row_order
WHERE
    -- include in_setting.sql
GROUP BY ALL
