-- Hubs and density of every layer of every model of one setting, the newest of each.
SELECT
    m.label AS model,
    m.modality,
    h.layer,
    h.layer_name,
    h.layer / greatest(max(h.layer) OVER (PARTITION BY h.unit_key), 1) AS depth,
    h.skewness, h.gini, h.antihubs, h.most, h.nearest, h.farthest, h.dimension
FROM hubness AS h
JOIN models AS m USING (model_id)
WHERE h.dataset_id = $dataset_id
    AND h.row_order = $row_order
    AND h.k = $k
    AND h.n = $n
    AND h.truncation = $truncation
    AND m.modality IN ($modality_x, $modality_y)
QUALIFY row_number() OVER (
    PARTITION BY h.model_id, h.layer ORDER BY h.version DESC, h.finished_at DESC, h.unit_key
) = 1
ORDER BY m.modality, model, h.layer
