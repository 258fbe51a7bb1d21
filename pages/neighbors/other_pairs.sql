-- Pairs that have one model in common with the pair of $features_x and $features_y in one setting:
-- what a sample's agreement can be held against, other models of the second side first.
WITH either AS (
    SELECT unit_key, features_x AS kept, features_y AS features, model_y AS model, layer_x AS layer
    FROM sample_agreement
    WHERE dataset_id = $dataset_id AND row_order = $row_order AND k = $k AND truncation = $truncation
    UNION ALL
    SELECT unit_key, features_y, features_x, model_x, layer_y
    FROM sample_agreement
    WHERE dataset_id = $dataset_id AND row_order = $row_order AND k = $k AND truncation = $truncation
),

named AS (
    SELECT e.unit_key AS other_key, m.label, m.trained, e.kept = $features_y AS first, e.model
    FROM either AS e
    JOIN models AS m ON m.model_id = e.model
    WHERE e.kept IN ($features_x, $features_y) AND e.features NOT IN ($features_x, $features_y)
    QUALIFY row_number() OVER (PARTITION BY e.kept, e.features ORDER BY e.layer, e.unit_key) = 1
)

SELECT
    label || CASE WHEN count(*) OVER (PARTITION BY first, label) > 1 THEN ' [' || model || ']' ELSE '' END AS label,
    first,
    trained,
    other_key
FROM named
ORDER BY first, NOT trained, label, other_key
