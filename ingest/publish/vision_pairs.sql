-- What maps are made of: alignment of vision models with each other.
SELECT
    dataset_id, row_order, n, metric, k, sigma, truncation, normalized, precision,
    model_a, model_b, CASE WHEN higher_is_closer THEN score END AS score
FROM vision_alignment
ORDER BY ALL
