-- How far each single layer of a pair can reach: its closest score over the other model's single layers.
-- $unit_key names the score of the pair; $side_x, $side_y what to call its models.
WITH
-- include turned.sql,

singles AS (
    SELECT
        t.*, s.layers_x, s.layers_y, s.null_mean, s.null_best_mean, s.null_threshold,
        coalesce(m.higher_is_closer, true) AS higher_is_closer,
        x.label AS label_x,
        y.label AS label_y
    FROM cells AS t
    CROSS JOIN pair AS s
    JOIN models AS x ON x.model_id = s.model_x
    JOIN models AS y ON y.model_id = s.model_y
    LEFT JOIN metrics AS m ON m.name = s.metric
    WHERE t.layer_x < s.layers_x AND t.layer_y < s.layers_y
)

SELECT
    0 AS place,
    $side_x AS side,
    label_x AS model,
    layer_x AS layer,
    layer_name_x AS layer_name,
    layer_x / greatest(layers_x - 1, 1) AS depth,
    CASE WHEN higher_is_closer THEN max(score) ELSE min(score) END AS alignment,
    CASE
        WHEN higher_is_closer THEN arg_max(layer_name_y, score)
        ELSE arg_min(layer_name_y, score)
    END AS partner_layer,
    null_mean AS chance,
    null_best_mean,
    null_threshold
FROM singles
GROUP BY label_x, layer_x, layer_name_x, layers_x, null_mean, null_best_mean, null_threshold,
    higher_is_closer
UNION ALL
SELECT
    1 AS place,
    $side_y AS side,
    label_y AS model,
    layer_y AS layer,
    layer_name_y AS layer_name,
    layer_y / greatest(layers_y - 1, 1) AS depth,
    CASE WHEN higher_is_closer THEN max(score) ELSE min(score) END AS alignment,
    CASE
        WHEN higher_is_closer THEN arg_max(layer_name_x, score)
        ELSE arg_min(layer_name_x, score)
    END AS partner_layer,
    null_mean AS chance,
    null_best_mean,
    null_threshold
FROM singles
GROUP BY label_y, layer_y, layer_name_y, layers_y, null_mean, null_best_mean, null_threshold,
    higher_is_closer
ORDER BY place, layer
