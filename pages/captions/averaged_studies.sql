-- Datasets of whose images several captions or pictures were averaged as features, and under which
-- setting; as caption_studies.
SELECT
    a.base_id,
    any_value(a.dataset) AS dataset,
    a.row_order,
    a.n,
    a.metric,
    a.k,
    a.truncation,
    a.precision,
    max(a.samples_x) AS captions,
    max(a.samples_y) AS pictures,
    count(DISTINCT a.model_y) AS vision_models,
    count(DISTINCT a.model_x) AS language_models,
    any_value(d.note) AS note,
    any_value(d.source) AS source,
    any_value(d.license) AS license,
    string_agg(DISTINCT a.run_id, ', ' ORDER BY a.run_id) AS runs,
    strftime(max(a.finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM averaged_alignment AS a
JOIN datasets AS d ON d.dataset_id = a.base_id AND d.row_order = a.row_order
WHERE a.trained_x AND a.trained_y AND a.metric = 'mutual_knn' AND a.sigma IS NULL
GROUP BY a.base_id, a.row_order, a.n, a.metric, a.k, a.truncation, a.precision
ORDER BY count(*) DESC, measured_at DESC, a.base_id, a.k, a.truncation, a.precision
