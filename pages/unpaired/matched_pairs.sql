-- Every pair of models that was matched in one way, the newest code's: trained ones first, most
-- correct in front.
SELECT
    x.label AS label_x,
    y.label AS label_y,
    m.correct,
    m.correct / m.n AS accuracy,
    m.p_value,
    m.mean_rank,
    m.chance_rank,
    m.p_rank,
    m.agreement,
    m.agreement_of_truth,
    x.trained AND y.trained AS trained,
    m.layer_name_x,
    m.layer_name_y,
    m.chance_correct,
    m.n,
    m.blocks,
    m.unit_key,
    m.run_id
FROM matchings AS m
JOIN models AS x ON x.model_id = m.model_x
JOIN models AS y ON y.model_id = m.model_y
WHERE
    x.modality = $modality_x
    AND y.modality = $modality_y
    AND m.dataset_id = $dataset_id
    AND m.row_order = $row_order
    AND m.method = $method
    AND m.similarity = $similarity
    AND m.starts = $starts
    AND m.seed = $seed
    AND m.n = $n
    AND m.blocks = $blocks
QUALIFY row_number() OVER (
    PARTITION BY m.features_x, m.features_y
    ORDER BY m.matching_version DESC, m.finished_at DESC, m.unit_key
) = 1
ORDER BY trained DESC, m.correct DESC, m.mean_rank, label_x, label_y
