-- Pairs of models of one setting with several captions or frames a sample, many to many beside one to
-- one, the newest of each.
SELECT
    x.label AS label_x,
    y.label AS label_y,
    c.one_to_one,
    c.one_chance,
    c.many_to_many,
    c.many_chance,
    c.difference,
    c.difference_low,
    c.difference_high,
    c.items_x,
    c.items_y,
    c.k,
    c.n,
    x.trained AND y.trained AS trained,
    c.made_of_x,
    c.made_of_y,
    c.run_id
FROM many_to_many AS c
JOIN models AS x ON x.model_id = c.model_x
JOIN models AS y ON y.model_id = c.model_y
WHERE
    -- include in_curved.sql
QUALIFY row_number() OVER (
    PARTITION BY c.features_x, c.features_y
    ORDER BY c.items_x * c.items_y DESC, c.curve_version DESC, c.finished_at DESC, c.unit_key
) = 1
ORDER BY trained DESC, c.many_to_many DESC, label_x, label_y
