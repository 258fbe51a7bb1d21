-- What stored models have where simulated ones have width and depth alone: the permutation null of
-- trained pairs, and the score of pairs of untrained networks.
SELECT
    m.label AS metric_label,
    sqrt(
        coalesce(u.widths[s.layer_x + 1], list_sum(u.widths))
        * coalesce(v.widths[s.layer_y + 1], list_sum(v.widths))
    ) / s.n AS ratio,
    round(sqrt(len(u.widths) * len(v.widths)))::INTEGER AS layers,
    CASE WHEN x.trained AND y.trained THEN s.null_best_mean ELSE s.score END AS value,
    CASE
        WHEN x.trained AND y.trained THEN 'permutation null, trained'
        ELSE 'score, untrained'
    END AS what,
    x.label AS label_x,
    y.label AS label_y,
    d.title AS dataset,
    s.n,
    s.k,
    s.metric
FROM scores AS s
ANTI JOIN superseded USING (unit_key)
JOIN metrics AS m ON m.name = s.metric
JOIN models AS x ON x.model_id = s.model_x
JOIN models AS y ON y.model_id = s.model_y
JOIN feature_sets AS u ON u.unit_key = s.features_x
JOIN feature_sets AS v ON v.unit_key = s.features_y
JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order
WHERE x.trained = y.trained
    AND x.modality <> y.modality
    AND s.truncation = 'exact'
    -- Chance moves with k / n: of metrics with neighbors those of the simulated k and n.
    AND (
        s.k IS NULL
        OR (s.k, s.n) IN (
            SELECT (k, n) FROM simulated_nulls
            WHERE n = (FROM simulated_nulls SELECT n GROUP BY n ORDER BY count(*) DESC, n LIMIT 1)
        )
    )
    AND value IS NOT NULL
ORDER BY m.label, what, ratio, label_x, label_y, s.n
