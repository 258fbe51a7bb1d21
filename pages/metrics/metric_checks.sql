-- How every metric did in every test on networks of which the answer is known, a list of scores over sets of networks.
SELECT
    test,
    metric_label,
    metric,
    k,
    measure,
    any_value(chance) AS chance,
    list(score ORDER BY repeat) AS scores,
    any_value(networks)::INTEGER AS networks,
    any_value(n)::INTEGER AS n,
    avg(accuracy) AS accuracy
FROM checked_metrics
GROUP BY test, metric_label, metric, k, measure
ORDER BY metric_label, metric, k, test
