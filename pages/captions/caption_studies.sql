-- Datasets whose caption sets, or degraded pictures, were compared, and under which setting.
-- Rows that are older than the precision take that of their scores, where these have one only.
WITH computed AS (
    SELECT dataset_id, row_order, any_value(precision) AS precision
    FROM language_vision_settings
    GROUP BY dataset_id, row_order
    HAVING count(DISTINCT precision) = 1
)

SELECT
    d.base_id,
    b.title AS dataset,
    d.row_order,
    d.n,
    d.metric,
    d.k,
    d.truncation,
    coalesce(d.precision, c.precision) AS precision,
    count(DISTINCT d.to_id) AS sets,
    max(d.vision_models) AS vision_models,
    max(d.language_models) AS language_models,
    any_value(b.note) AS note,
    any_value(b.source) AS source,
    any_value(b.license) AS license,
    string_agg(DISTINCT d.run_id, ', ' ORDER BY d.run_id) AS runs,
    strftime(max(d.finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM caption_differences AS d
JOIN datasets AS b ON b.dataset_id = d.base_id AND b.row_order = d.row_order
LEFT JOIN computed AS c ON c.dataset_id = d.to_id AND c.row_order = d.row_order
GROUP BY ALL
ORDER BY sets DESC, measured_at DESC, d.base_id, d.k, d.truncation, precision
