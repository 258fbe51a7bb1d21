-- Scores that nulls can be drawn for: of the newest of each setting, with what tells which models
-- are controls and which networks are built alike.
SELECT
    s.unit_key, s.features_x, s.features_y, s.model_x, s.model_y, s.dataset_id, s.row_order,
    s.pooling_x, s.prompt_x, s.pooling_y, s.prompt_y, s.metric, s.k, s.sigma, s.truncation, s.n,
    s.precision, s.score, s.score_version,
    x.trained AS trained_x, y.trained AS trained_y, x.modality AS modality_x,
    y.modality AS modality_y,
    array_to_string(u.layer_names, ' ') || ': ' || array_to_string(u.widths, ' ') AS built_x,
    array_to_string(v.layer_names, ' ') || ': ' || array_to_string(v.widths, ' ') AS built_y
FROM scores_with_precision AS s
ANTI JOIN superseded USING (unit_key)
JOIN models AS x ON x.model_id = s.model_x
JOIN models AS y ON y.model_id = s.model_y
LEFT JOIN feature_sets AS u ON u.unit_key = s.features_x
LEFT JOIN feature_sets AS v ON v.unit_key = s.features_y
ORDER BY s.metric, s.k, s.truncation, s.model_x, s.model_y, s.unit_key
