-- What stands behind a figure of vision models compared with each other: one row, or none.
SELECT
    d.title AS dataset,
    d.note,
    d.source,
    d.licence,
    d.citation,
    len(d.skipped) AS skipped,
    a.n,
    a.k,
    a.sigma,
    a.metric_label,
    a.higher_is_closer,
    a.truncation,
    a.normalized,
    a.precision,
    any_value(a.chance) AS chance,
    count(*) AS pairs,
    string_agg(DISTINCT a.runs, ', ' ORDER BY a.runs) AS runs,
    strftime(max(a.finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM vision_alignment AS a
JOIN datasets AS d ON d.dataset_id = a.dataset_id AND d.row_order = a.row_order
WHERE a.dataset_id = $dataset_id
    AND a.row_order = $row_order
    AND a.n = $n
    AND a.metric = $metric
    AND a.k IS NOT DISTINCT FROM $k
    AND a.sigma IS NOT DISTINCT FROM $sigma
    AND a.truncation = $truncation
    AND a.normalized = $normalized
    AND a.precision IS NOT DISTINCT FROM $precision
GROUP BY ALL
