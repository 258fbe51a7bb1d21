-- What stands behind a view of models in training: one row.
WITH
-- include curves.sql

SELECT
    c.dataset,
    any_value(d.note) AS note,
    any_value(d.source) AS source,
    any_value(d.license) AS license,
    c.n,
    c.k,
    NULL::DOUBLE AS sigma,
    c.metric_label,
    c.higher_is_closer,
    c.truncation,
    any_value(c.chance) AS chance,
    string_agg(DISTINCT c.precision, ', ' ORDER BY c.precision) AS precision,
    string_agg(DISTINCT nullif(c.pooling, ''), ', ' ORDER BY nullif(c.pooling, '')) AS pooling,
    string_agg(DISTINCT c.prompt, ', ' ORDER BY c.prompt) AS prompt,
    max(c.permutations) AS permutations,
    string_agg(DISTINCT nullif(c.model_label, c.training), ', ') AS models,
    count(DISTINCT c.training) AS trainings,
    count(DISTINCT c.reference) AS references_,
    count(DISTINCT (c.training, c.step)) AS probes,
    bool_or(c.checkpoints) AS checkpoints,
    string_agg(DISTINCT c.run_id, ', ' ORDER BY c.run_id) AS runs,
    strftime(max(c.finished_at) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M UTC') AS measured_at
FROM curves AS c
LEFT JOIN datasets AS d ON d.dataset_id = c.dataset_id AND d.row_order = c.row_order
WHERE
    -- include of_view.sql
GROUP BY c.dataset, c.n, c.k, c.metric_label, c.higher_is_closer, c.truncation
