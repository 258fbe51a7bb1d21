-- What stands behind a figure of one setting: one row, or none when nothing was measured.
SELECT
    d.title AS dataset,
    d.note,
    d.source,
    d.license,
    d.citation,
    len(d.skipped) AS skipped,
    d.kind = 'published' AS published,
    s.n,
    s.k,
    s.sigma,
    coalesce(m.label, s.metric) AS metric_label,
    coalesce(m.higher_is_closer, true) AS higher_is_closer,
    s.truncation,
    s.normalized,
    s.precision,
    s.pooling_x AS pooling,
    s.prompt_x AS prompt,
    any_value(s.null_mean) AS chance,
    CASE WHEN count(s.null_best_mean) = count(*) THEN min(s.null_best_mean) END AS null_best_low,
    CASE WHEN count(s.null_best_mean) = count(*) THEN max(s.null_best_mean) END AS null_best_high,
    count(DISTINCT s.model_x) AS language_models,
    count(DISTINCT s.model_y) AS vision_models,
    count(DISTINCT s.model_x) FILTER (NOT l.trained) + count(DISTINCT s.model_y) FILTER (NOT v.trained) AS untrained_models,
    count(*) AS pairs,
    string_agg(DISTINCT nullif(s.permutations, 0), ', ') AS permutations,
    string_agg(DISTINCT CASE WHEN s.permutations > 0 THEN s.seed END, ', ') AS seeds,
    max(s.interval_level) AS interval_level,
    max(s.interval_method) AS interval_method,
    string_agg(DISTINCT s.run_id, ', ' ORDER BY s.run_id) AS runs,
    strftime(max(s.finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM current_scores AS s
JOIN models AS l ON l.model_id = s.model_x AND l.modality = 'language'
JOIN models AS v ON v.model_id = s.model_y AND v.modality = 'vision'
JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order
LEFT JOIN metrics AS m ON m.name = s.metric
WHERE s.dataset_id = $dataset_id
    AND s.row_order = $row_order
    AND s.n = $n
    AND s.metric = $metric
    AND s.k IS NOT DISTINCT FROM $k
    AND s.sigma IS NOT DISTINCT FROM $sigma
    AND s.truncation = $truncation
    AND s.normalized = $normalized
    AND s.precision IS NOT DISTINCT FROM $precision
    AND s.pooling_x = $pooling
    AND s.prompt_x = $prompt
GROUP BY ALL
