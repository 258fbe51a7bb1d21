-- One pair's score and its layer table, $unit_key naming them, the models as the page has them: the
-- other way round than they were scored where $swapped.
pair AS (
    SELECT
        a.null_mean, a.null_best_mean, a.null_threshold, a.metric,
        CASE WHEN $swapped THEN a.model_y ELSE a.model_x END AS model_x,
        CASE WHEN $swapped THEN a.model_x ELSE a.model_y END AS model_y,
        CASE WHEN $swapped THEN a.layer_y ELSE a.layer_x END AS layer_x,
        CASE WHEN $swapped THEN a.layer_x ELSE a.layer_y END AS layer_y,
        CASE WHEN $swapped THEN a.single_layer_y ELSE a.single_layer_x END AS single_layer_x,
        CASE WHEN $swapped THEN a.single_layer_x ELSE a.single_layer_y END AS single_layer_y,
        len(CASE WHEN $swapped THEN a.layer_names_y ELSE a.layer_names_x END) - 1 AS layers_x,
        len(CASE WHEN $swapped THEN a.layer_names_x ELSE a.layer_names_y END) - 1 AS layers_y
    FROM current_scores AS a
    WHERE
    -- include of_pair.sql
),

cells AS (
    SELECT
        a.score,
        CASE WHEN $swapped THEN a.layer_y ELSE a.layer_x END AS layer_x,
        CASE WHEN $swapped THEN a.layer_x ELSE a.layer_y END AS layer_y,
        CASE WHEN $swapped THEN a.layer_name_y ELSE a.layer_name_x END AS layer_name_x,
        CASE WHEN $swapped THEN a.layer_name_x ELSE a.layer_name_y END AS layer_name_y
    FROM layer_scores AS a
    WHERE
    -- include of_pair.sql
)
