-- The rows `a` of one pair's score; its dataset, metric and k tell where to look for its key.
    a.unit_key = $unit_key
    AND a.dataset_id = $dataset_id
    AND a.metric = $metric
    AND a.k IS NOT DISTINCT FROM $k
