-- What two models score with themselves in one setting: their noise ceilings (a second view of the
-- samples), and how their dimensions' halves agree. A model without a second view has one row.
WITH current AS (
    SELECT a.*
    FROM self_agreement_precision AS a
    JOIN models AS m USING (model_id)
    WHERE a.dataset_id = $dataset_id
        AND a.row_order = $row_order
        AND a.n = $n
        AND a.metric = $metric
        AND a.k IS NOT DISTINCT FROM $k
        -- Made with rows l2-normalized and each metric's own bandwidth: of no other setting.
        AND $normalized
        AND $sigma IS NULL
        AND a.truncation = $truncation
        AND a.precision IS NOT DISTINCT FROM $precision
        AND (m.modality <> 'language' OR (a.pooling = $pooling AND a.prompt = $prompt))
    QUALIFY row_number() OVER (
        PARTITION BY a.model_id, a.method
        ORDER BY a.score_version DESC, a.finished_at DESC, a.unit_key
    ) = 1
)

SELECT
    m.modality,
    m.label,
    c.score AS noise_ceiling,
    c.method[len('second view: ') + 1:] AS second_view,
    h.score AS split_half_agreement,
    len(h.scores) AS splits
FROM models AS m
LEFT JOIN current AS c ON c.model_id = m.model_id AND starts_with(c.method, 'second view: ')
LEFT JOIN current AS h ON h.model_id = m.model_id AND starts_with(h.method, 'split half, ')
WHERE m.model_id IN ($model_x, $model_y)
ORDER BY m.model_id <> $model_x, m.label, second_view
