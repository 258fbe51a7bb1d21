-- The scores `a` of one setting.
        a.dataset_id = $dataset_id
        AND a.row_order = $row_order
        AND a.n = $n
        AND a.metric = $metric
        AND a.k IS NOT DISTINCT FROM $k
        AND a.sigma IS NOT DISTINCT FROM $sigma
        AND a.truncation = $truncation
        AND a.normalized = $normalized
        AND a.precision IS NOT DISTINCT FROM $precision
        AND a.pooling = $pooling
        AND a.prompt = $prompt
