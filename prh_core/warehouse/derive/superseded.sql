-- Of scores of one setting all but the newest.
INSERT INTO superseded BY NAME
SELECT unit_key FROM scores_with_precision
QUALIFY row_number() OVER (
    PARTITION BY model_x, model_y, dataset_id, row_order, pooling_x, prompt_x, pooling_y, prompt_y,
                 metric, k, n, truncation, normalized, sigma, precision
    ORDER BY score_version DESC, coalesce(permutations, 0) DESC, finished_at DESC, unit_key
) > 1
ORDER BY unit_key;
