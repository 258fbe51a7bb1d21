-- Every setting that models of $modality were compared with each other under: most models first, and of
-- a dataset the customary setting first. Scores are compared within a setting only, never across.
WITH sided AS (
    SELECT *, unnest([model_a, model_b]) AS model FROM alignment_within_modality
    WHERE modality = $modality
)

SELECT
    dataset_id,
    row_order,
    dataset || CASE
        WHEN count(DISTINCT row_order) OVER (PARTITION BY dataset) > 1
            THEN ' (order ' || left(row_order, 6) || ')'
        ELSE ''
    END AS dataset,
    n,
    metric,
    metric_label,
    k,
    sigma,
    truncation,
    normalized,
    pooling,
    prompt,
    precision,
    count(DISTINCT model) AS models,
    count(*) // 2 AS pairs,
    any_value(higher_is_closer) AS higher_is_closer
FROM sided
GROUP BY
    dataset_id, row_order, dataset, n, metric, metric_label, k, sigma, truncation, normalized,
    pooling, prompt, precision
ORDER BY
    max(count(DISTINCT model)) OVER (PARTITION BY dataset_id, row_order) DESC,
    max(max(finished_at)) OVER (PARTITION BY dataset_id, row_order) DESC,
    n DESC,
    metric <> 'mutual_knn', metric,
    abs(coalesce(k, 10) - 10), k,
    sigma NULLS FIRST,
    truncation <> 'exact', truncation,
    NOT normalized,
    pooling <> 'mean', pooling,
    prompt <> 'none', prompt,
    count(*) DESC, precision IS DISTINCT FROM 'float32', precision
