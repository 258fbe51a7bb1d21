-- The whole layer-by-layer table of one pair of models, $unit_key naming its score.
WITH pair AS (
    SELECT a.* FROM current_scores AS a
    WHERE
    -- include of_pair.sql
),

cells AS (
    SELECT a.* FROM layer_scores AS a
    WHERE
    -- include of_pair.sql
)

SELECT
    t.layer_x AS language_layer,
    t.layer_y AS vision_layer,
    t.layer_name_x AS language_layer_name,
    t.layer_name_y AS vision_layer_name,
    t.score AS alignment,
    s.null_mean AS chance,
    s.null_best_mean,
    s.null_threshold,
    t.layer_x = len(s.layer_names_x) - 1 AS language_concatenated,
    t.layer_y = len(s.layer_names_y) - 1 AS vision_concatenated,
    t.layer_x = s.layer_x AND t.layer_y = s.layer_y AS best,
    t.layer_x = s.single_layer_x AND t.layer_y = s.single_layer_y AS best_single
FROM cells AS t
JOIN pair AS s USING (unit_key)
ORDER BY language_layer, vision_layer
