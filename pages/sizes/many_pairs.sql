-- Pairs of models of one setting with several captions or frames a sample, many to many beside one to
-- one, the newest of each.
SELECT
    x.label AS label_x,
    y.label AS label_y,
    m.one_to_one,
    m.one_chance,
    m.many_to_many,
    m.many_chance,
    m.difference,
    m.difference_low,
    m.difference_high,
    m.items_x,
    m.items_y,
    m.k,
    m.n,
    x.trained AND y.trained AS trained,
    m.made_of_x,
    m.made_of_y,
    m.run_id
FROM many_to_many AS m
JOIN models AS x ON x.model_id = m.model_x
JOIN models AS y ON y.model_id = m.model_y
WHERE
    x.modality = $modality_x
    AND y.modality = $modality_y
    AND m.dataset_id = $dataset_id
    AND m.row_order = $row_order
    AND m.metric = $metric
    AND m.truncation = $truncation
    AND m.n = $n
QUALIFY row_number() OVER (
    PARTITION BY m.features_x, m.features_y
    ORDER BY m.items_x * m.items_y DESC, m.curve_version DESC, m.finished_at DESC, m.unit_key
) = 1
ORDER BY trained DESC, m.many_to_many DESC, label_x, label_y
