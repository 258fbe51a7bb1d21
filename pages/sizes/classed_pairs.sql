-- Agreement within classes and between them, of every pair of one setting that was scored so, the
-- newest of each.
SELECT
    x.label AS label_x,
    y.label AS label_y,
    c.within_score,
    c.within_low,
    c.within_high,
    c.within_chance,
    c.between_score,
    c.between_low,
    c.between_high,
    c.between_chance,
    c.within_n,
    c.within_k,
    c.between_n,
    c.between_k,
    c.source,
    c.classes,
    c.left_out,
    x.trained AND y.trained AS trained,
    c.run_id
FROM class_scores AS c
JOIN models AS x ON x.model_id = c.model_x
JOIN models AS y ON y.model_id = c.model_y
WHERE
    -- include in_curved.sql
QUALIFY row_number() OVER (
    PARTITION BY c.features_x, c.features_y
    ORDER BY c.curve_version DESC, c.finished_at DESC, c.unit_key
) = 1
ORDER BY trained DESC, c.between_score DESC, label_x, label_y
