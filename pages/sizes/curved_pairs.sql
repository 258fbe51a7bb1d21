-- Every pair of models that has a curve, with what changes from its first size to its last.
SELECT
    x.label AS label_x,
    y.label AS label_y,
    c.fixed,
    c.scores[1] AS first_score,
    c.scores[-1] AS last_score,
    c.change,
    c.change_low,
    c.change_high,
    c.exponent,
    c.sizes[1] AS first_n,
    c.sizes[-1] AS last_n,
    c.ks[1] AS first_k,
    c.ks[-1] AS last_k,
    c.share,
    c.ahead_sizes[-1] AS ahead_n,
    c.ahead_scores[-1] AS ahead_score,
    c.ahead_lows[-1] AS ahead_low,
    c.ahead_highs[-1] AS ahead_high,
    c.orders,
    c.layer_name_x,
    c.layer_name_y,
    x.trained AND y.trained AS trained,
    c.features_x || ' ' || c.features_y AS pair_key,
    c.unit_key,
    c.run_id
FROM size_curves AS c
JOIN models AS x ON x.model_id = c.model_x
JOIN models AS y ON y.model_id = c.model_y
WHERE
    -- include in_curved.sql
-- Of several curves of one kind the newest.
QUALIFY row_number() OVER (
    PARTITION BY c.features_x, c.features_y, c.fixed
    ORDER BY c.curve_version DESC, c.finished_at DESC, c.unit_key
) = 1
ORDER BY trained DESC, c.scores[-1] DESC, label_x, label_y, pair_key, c.fixed
