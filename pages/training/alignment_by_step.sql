-- Alignment by step of one training with every reference, or of every training with one.
-- $last_layer: of the last layer of the model in training alone; else the best pair of layers.
WITH
-- include curves.sql

SELECT
    c.step,
    c.training,
    c.reference_label,
    CASE WHEN $last_layer THEN c.last_layer_score ELSE c.score END AS alignment,
    -- What relabeled tables stay within holds for the best of a table, and so for a row of it.
    c.null_threshold,
    c.chance,
    CASE WHEN NOT $last_layer THEN c.layer END AS layer,
    CASE WHEN NOT $last_layer THEN c.reference_layer END AS reference_layer,
    CASE WHEN NOT $last_layer THEN c.p_value END AS p_value,
    c.higher_is_closer,
    c.reference
FROM curves AS c
WHERE
    -- include of_view.sql
ORDER BY c.training, c.reference_label, c.step
