-- What each model's neighbors tell of the other, the newest of every pair of models of one setting,
-- the clearest difference first.
WITH current AS (
    SELECT n.*
    FROM nesting AS n
    JOIN models AS x ON x.model_id = n.model_x
    JOIN models AS y ON y.model_id = n.model_y
    WHERE n.dataset_id = $dataset_id
        AND n.row_order = $row_order
        AND n.k = $k
        AND n.n = $n
        AND n.truncation = $truncation
        AND x.modality = $modality_x
        AND y.modality = $modality_y
    QUALIFY row_number() OVER (
        PARTITION BY n.model_x, n.model_y ORDER BY n.version DESC, n.finished_at DESC, n.unit_key
    ) = 1
)

SELECT
    x.label AS label_x,
    y.label AS label_y,
    x.label || ' × ' || y.label AS pair,
    c.beyond_hubs, c.beyond_low, c.beyond_high, c.beyond_p,
    c.raw, c.raw_low, c.raw_high, c.raw_p,
    c.imbalance_xy, c.imbalance_yx, c.popular_xy, c.popular_yx,
    c.out_y_back_x, c.out_x_back_y, c.cycle_low, c.cycle_high, c.cycle_p,
    c.mutual_knn,
    x.trained AND y.trained AS trained,
    c.layer_name_x,
    c.layer_name_y,
    hx.skewness AS skewness_x,
    hy.skewness AS skewness_y,
    c.run_id
FROM current AS c
JOIN models AS x ON x.model_id = c.model_x
JOIN models AS y ON y.model_id = c.model_y
LEFT JOIN hubness AS hx
    ON hx.features = c.features_x AND hx.layer = c.layer_x AND hx.k = c.k
    AND hx.truncation = c.truncation AND hx.n = c.n AND hx.version = c.version
LEFT JOIN hubness AS hy
    ON hy.features = c.features_y AND hy.layer = c.layer_y AND hy.k = c.k
    AND hy.truncation = c.truncation AND hy.n = c.n AND hy.version = c.version
ORDER BY c.beyond_p, pair
