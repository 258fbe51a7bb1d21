-- Best scores of two models of unrelated Gaussian features by width over samples and layers.
SELECT
    coalesce(m.label, s.metric) AS metric_label,
    CASE WHEN coalesce(m.uses_all_samples, false) THEN 'global' ELSE 'local' END AS scope,
    s.width / s.n AS ratio,
    s.layers,
    s.score_mean,
    s.score_low,
    s.score_high,
    len(s.scores) AS pairs,
    s.k,
    s.n,
    s.width,
    s.source,
    m.higher_is_closer,
    CASE WHEN m.higher_is_closer THEN m.highest ELSE m.lowest END AS best,
    s.metric
FROM simulated_nulls AS s
LEFT JOIN metrics AS m ON m.name = s.metric
-- Of several numbers of samples the one with most rows: chance moves with k / n.
WHERE s.n = (FROM simulated_nulls SELECT n GROUP BY n ORDER BY count(*) DESC, n LIMIT 1)
QUALIFY row_number() OVER (
    PARTITION BY s.metric, s.k, s.n, s.width, s.layers ORDER BY s.finished_at DESC, s.unit_key
) = 1
ORDER BY scope, metric_label, s.layers, s.width
