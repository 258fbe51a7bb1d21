-- What maps are made of: alignment of models of one modality with each other.
SELECT
    modality, dataset_id, row_order, n, metric, k, sigma, truncation, normalized, precision,
    pooling, prompt,
    model_a, model_b, CASE WHEN higher_is_closer THEN score END AS score
FROM alignment_within_modality
ORDER BY ALL
