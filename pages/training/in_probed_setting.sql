-- The rows `c` of `curves` of one setting.
        c.dataset_id = $dataset_id
        AND c.row_order IS NOT DISTINCT FROM $row_order
        AND c.n = $n
        AND c.metric = $metric
        AND c.k IS NOT DISTINCT FROM $k
        AND c.truncation = $truncation
