-- Every setting that models in training were held against references under, the customary metric first,
-- then what most trainings share.
WITH
-- include curves.sql

SELECT
    dataset,
    dataset_id,
    row_order,
    n,
    metric,
    metric_label,
    k,
    truncation,
    count(DISTINCT training) AS trainings
FROM curves
GROUP BY dataset, dataset_id, row_order, n, metric, metric_label, k, truncation
ORDER BY metric <> 'mutual_knn', trainings DESC, count(*) DESC, max(finished_at) DESC, dataset, n, k, truncation
