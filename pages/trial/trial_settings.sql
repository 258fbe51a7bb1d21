-- How models were compared on a dataset over all of its samples, the customary way first.
SELECT metric, any_value(metric_label) AS metric_label, k, truncation, min(place) AS place
FROM alignment_settings
WHERE dataset_id = $dataset_id AND row_order = $row_order AND n = $n AND normalized AND sigma IS NULL
GROUP BY metric, k, truncation
ORDER BY place, metric, k, truncation
