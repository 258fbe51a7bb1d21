-- Every pair of two models' layers whose neighbors are stored, the best of their score first.
WITH found AS (
    SELECT * FROM neighbor_layers
    WHERE features IN ($features_x, $features_y) AND truncation = $truncation AND k >= $k
    QUALIFY row_number() OVER (
        PARTITION BY features, layer ORDER BY neighbors_version DESC, k DESC, finished_at DESC, unit_key
    ) = 1
)

SELECT
    x.layer_name AS layer_name_x,
    y.layer_name AS layer_name_y,
    x.layer = $best_x AND y.layer = $best_y AS best,
    CASE WHEN best THEN $agreement_key ELSE '' END AS agreement_key,
    x.unit_key AS layer_key_x,
    y.unit_key AS layer_key_y,
    x.map_method AS map_method_x,
    y.map_method AS map_method_y,
    x.map_kept AS map_kept_x,
    y.map_kept AS map_kept_y,
    least(x.k, y.k) AS stored,
    $k::INTEGER AS k,
    x.n,
    x.dataset_id,
    x.row_order
FROM found AS x
JOIN found AS y ON y.features = $features_y
WHERE x.features = $features_x
ORDER BY NOT best, x.layer, y.layer
