-- What stands behind a figure of models of one modality compared with each other: one row, or none.
SELECT
    d.title AS dataset,
    d.note,
    d.source,
    d.license,
    d.citation,
    len(d.skipped) AS skipped,
    a.n,
    a.k,
    a.sigma,
    a.metric_label,
    a.higher_is_closer,
    a.truncation,
    a.normalized,
    a.pooling,
    a.prompt,
    a.precision,
    any_value(a.chance) AS chance,
    CASE WHEN count(a.null_best_mean) = count(*) THEN min(a.null_best_mean) END AS null_best_low,
    CASE WHEN count(a.null_best_mean) = count(*) THEN max(a.null_best_mean) END AS null_best_high,
    min(a.permutations) AS permutations,
    count(*) AS pairs,
    string_agg(DISTINCT a.runs, ', ' ORDER BY a.runs) AS runs,
    strftime(max(a.finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM alignment_within_modality AS a
JOIN datasets AS d ON d.dataset_id = a.dataset_id AND d.row_order = a.row_order
WHERE a.modality = $modality
    AND
    -- include ../ui/queries/in_setting.sql
GROUP BY ALL
