-- Every setting whose scores are held against nulls, most pairs first and the customary one in front.
WITH counted AS (
    SELECT
        modality_x, modality_y, dataset_id, row_order, dataset, n, metric, metric_label, k, sigma,
        truncation, normalized, pooling, prompt, precision, count(DISTINCT unit_key) AS pairs
    FROM null_tests
    GROUP BY ALL
)

FROM counted
ORDER BY
    modality_x <> 'language' OR modality_y <> 'vision', modality_x, modality_y, pairs DESC, dataset,
    metric <> 'mutual_knn', metric_label, abs(coalesce(k, 10) - 10), truncation <> 'exact', n DESC,
    pooling <> 'mean', pooling, prompt <> 'none', prompt, precision
