-- What a caption set scores beyond another of the same images: paired, with intervals.
-- $base_id, $row_order, $metric, $k, $truncation, $precision: what is compared.
WITH variants AS (
    SELECT * FROM caption_sets
    WHERE base_id = $base_id AND row_order = $row_order
    QUALIFY row_number() OVER (PARTITION BY dataset_id ORDER BY finished_at DESC, unit_key) = 1
)

SELECT
    CASE WHEN t.pictures THEN 'pictures as they are' ELSE f.title END AS from_set,
    t.title AS to_set,
    coalesce(m.label, 'all trained vision models') AS vision_label,
    d.difference,
    d.interval_low,
    d.interval_high,
    d.score_from,
    d.score_to,
    t.words - f.words AS words_more,
    t.control,
    t.pictures,
    d.vision_model IS NULL AS overall,
    d.language_models,
    d.vision_models,
    d.interval_level
FROM caption_differences AS d
JOIN variants AS f ON f.dataset_id = d.from_id
JOIN variants AS t ON t.dataset_id = d.to_id
LEFT JOIN models AS m ON m.model_id = d.vision_model
WHERE d.base_id = $base_id
    AND d.row_order = $row_order
    AND d.metric = $metric
    AND d.k IS NOT DISTINCT FROM $k
    AND d.truncation = $truncation
    -- Rows that are older than the precision do not name it.
    AND coalesce(d.precision, $precision) IS NOT DISTINCT FROM $precision
QUALIFY row_number() OVER (
    PARTITION BY d.from_id, d.to_id, d.vision_model
    ORDER BY d.vision_models DESC, d.language_models DESC, d.finished_at DESC, d.unit_key
) = 1
ORDER BY overall DESC, t.pictures, t.control, t.words, to_set, vision_label
