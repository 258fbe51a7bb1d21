-- How far each single layer of a pair can reach: its closest score over the other model's single layers.
-- $unit_key names the score of the pair.
WITH pair AS (
    SELECT a.* FROM current_scores AS a
    WHERE
    -- include of_pair.sql
),

tabled AS (
    SELECT a.* FROM layer_scores AS a
    WHERE
    -- include of_pair.sql
),

cells AS (
    SELECT
        t.*,
        len(s.layer_names_x) - 1 AS layers_x,
        len(s.layer_names_y) - 1 AS layers_y,
        s.null_mean,
        s.null_best_mean,
        s.null_threshold,
        coalesce(m.higher_is_closer, true) AS higher_is_closer,
        l.label AS label_x,
        v.label AS label_y
    FROM tabled AS t
    JOIN pair AS s USING (unit_key)
    JOIN models AS l ON l.model_id = s.model_x
    JOIN models AS v ON v.model_id = s.model_y
    LEFT JOIN metrics AS m ON m.name = s.metric
    WHERE t.layer_x < len(s.layer_names_x) - 1
        AND t.layer_y < len(s.layer_names_y) - 1
)

SELECT
    'language' AS modality,
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
FROM cells
GROUP BY label_x, layer_x, layer_name_x, layers_x, null_mean, null_best_mean, null_threshold,
    higher_is_closer
UNION ALL
SELECT
    'vision' AS modality,
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
FROM cells
GROUP BY label_y, layer_y, layer_name_y, layers_y, null_mean, null_best_mean, null_threshold,
    higher_is_closer
ORDER BY modality, layer
