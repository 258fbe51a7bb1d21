-- Noise ceilings of two models in one setting: what each scores with itself, seen again.
SELECT
    m.modality,
    m.label,
    c.score AS ceiling,
    c.method
FROM noise_ceilings AS c
JOIN models AS m USING (model_id)
LEFT JOIN feature_precision AS f ON f.unit_key = c.features
WHERE c.dataset_id = $dataset_id
    AND c.row_order = $row_order
    AND c.n = $n
    AND c.metric = $metric
    AND c.k IS NOT DISTINCT FROM $k
    AND c.truncation = $truncation
    AND f.precision IS NOT DISTINCT FROM $precision
    AND (m.modality <> 'language' OR (c.pooling = $pooling AND c.prompt = $prompt))
    AND c.model_id IN ($language_model, $vision_model)
QUALIFY row_number() OVER (
    PARTITION BY c.model_id ORDER BY c.score_version DESC, c.finished_at DESC, c.unit_key
) = 1
ORDER BY m.modality, c.score DESC
