-- Laws of saturation fitted to alignment over how many captions and pictures are averaged (Zhu et
-- al. 2026): of the mean over trained models, then of every pair of trained models by itself.
-- $base_id, $row_order, $metric, $k, $truncation, $precision: what is compared.
-- include averaged_series.sql

SELECT
    CASE s.along
        WHEN 'both' THEN 'captions and pictures'
        WHEN 'x' THEN 'captions'
        ELSE 'pictures'
    END AS along,
    s.held,
    s.model_x IS NULL AS overall,
    coalesce(x.label, 'mean') AS language_label,
    coalesce(y.label, 'mean') AS vision_label,
    s.score_first,
    s.score_last,
    s.limit_score,
    s.limit_low,
    s.limit_high,
    s.coefficient_x AS lack_captions,
    s.exponent_x AS exponent_captions,
    s.coefficient_y AS lack_pictures,
    s.exponent_y AS exponent_pictures,
    s.r_squared,
    s.points,
    s.free,
    s.held_out_error,
    s.held_out_last,
    s.determined,
    s.verdict,
    s.models_x AS language_models,
    s.models_y AS vision_models
FROM saturation_laws AS s
JOIN longest AS l ON l.made_of_x = s.made_of_x AND l.made_of_y = s.made_of_y
LEFT JOIN models AS x ON x.model_id = s.model_x
LEFT JOIN models AS y ON y.model_id = s.model_y
WHERE s.base_id = $base_id AND s.row_order = $row_order
    AND s.metric = $metric
    AND s.k IS NOT DISTINCT FROM $k
    AND s.truncation = $truncation
    AND s.precision = coalesce($precision, s.precision)
    AND (s.model_x IS NULL OR (x.trained AND y.trained))
QUALIFY row_number() OVER (
    PARTITION BY s.model_x, s.model_y, s.along, s.held
    ORDER BY s.models_x * s.models_y DESC, s.law_version DESC, s.finished_at DESC, s.unit_key
) = 1
ORDER BY overall DESC, s.along, s.held, language_label, vision_label
