-- How far each line of a view came from its first step to its last, by the best pair of layers and by
-- the last layer of the model in training: closer is up, whatever the metric.
WITH
-- include curves.sql,

seen AS (
    SELECT c.*, r.last_layer, CASE WHEN r.last_layer THEN c.last_layer_score ELSE c.score END AS alignment
    FROM curves AS c
    CROSS JOIN (VALUES (false), (true)) AS r (last_layer)
    WHERE
    -- include of_view.sql
),

known AS (
    SELECT *, CASE WHEN higher_is_closer THEN alignment ELSE -alignment END AS closeness
    FROM seen
    WHERE alignment IS NOT NULL
),

moved AS (
    SELECT
        *,
        abs(closeness - lag(closeness) OVER (
            PARTITION BY training, reference, last_layer ORDER BY step
        )) AS move
    FROM known
)

SELECT
    training,
    reference_label,
    last_layer,
    count(*) AS probes,
    min(step) AS first_step,
    max(step) AS last_step,
    arg_min(alignment, step) AS first_score,
    arg_max(alignment, step) AS last_score,
    arg_max(closeness, step) - arg_min(closeness, step) AS "change",
    median(move) AS usual_move,
    -- What chance alone moves the best of a table: from one pair of unrelated layers to its threshold.
    abs(arg_max(null_threshold - chance, step)) AS chance_moves,
    arg_max(alignment, closeness) AS closest,
    arg_max(step, closeness) AS closest_step,
    arg_max(null_threshold, step) AS null_threshold,
    CASE WHEN NOT last_layer THEN arg_max(p_value, step) END AS p_value,
    arg_max(layer, step) AS layer,
    any_value(higher_is_closer) AS higher_is_closer
FROM moved
GROUP BY training, reference, reference_label, last_layer
ORDER BY training, reference_label, last_layer
