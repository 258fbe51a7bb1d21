-- The whole layer-by-layer table of one pair of models, $unit_key naming its score.
WITH
-- include turned.sql

SELECT
    t.layer_x,
    t.layer_y,
    t.layer_name_x,
    t.layer_name_y,
    t.score AS alignment,
    s.null_mean AS chance,
    s.null_best_mean,
    s.null_threshold,
    t.layer_x = s.layers_x AS concatenated_x,
    t.layer_y = s.layers_y AS concatenated_y,
    t.layer_x = s.layer_x AND t.layer_y = s.layer_y AS best,
    t.layer_x = s.single_layer_x AND t.layer_y = s.single_layer_y AS best_single
FROM cells AS t, pair AS s
ORDER BY t.layer_x, t.layer_y
