-- What was read of a model: its layers, their widths and how many samples.
SELECT m.label, m.modality, f.n, len(f.layer_names) AS layers, list_min(f.widths) AS narrowest,
    list_max(f.widths) AS widest, f.layer_names, f.precision, f.pooling, f.bytes
FROM feature_sets AS f
JOIN models AS m USING (model_id)
WHERE m.model_id = $model_id AND f.dataset_id = $dataset_id
ORDER BY f.finished_at DESC, f.unit_key
LIMIT 1
