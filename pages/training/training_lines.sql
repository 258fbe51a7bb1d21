-- Which trainings were held against which references in a setting, those seen at most steps first.
WITH
-- include curves.sql

SELECT
    c.training,
    c.reference,
    c.reference_label,
    count(*) AS probes,
    min(c.step) AS first_step,
    max(c.step) AS last_step,
    count(c.last_layer_score) = count(*) AS has_last_layer,
    any_value(c.checkpoints) AS checkpoints
FROM curves AS c
WHERE
    -- include in_probed_setting.sql
GROUP BY c.training, c.reference, c.reference_label
ORDER BY
    max(probes) OVER (PARTITION BY c.training) DESC, c.training,
    count(*) OVER (PARTITION BY c.reference) DESC, c.reference_label
