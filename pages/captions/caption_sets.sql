-- The caption sets of a dataset, how much they say, and who wrote them.
-- $base_id, $row_order: the dataset.
WITH variants AS (
    SELECT * FROM caption_sets
    WHERE base_id = $base_id AND row_order = $row_order
    QUALIFY row_number() OVER (PARTITION BY dataset_id ORDER BY finished_at DESC, unit_key) = 1
)

SELECT
    v.title AS caption_set,
    v.kind,
    v.control,
    coalesce(p.title, '') AS made_of,
    v.n,
    v.words,
    v.words_spread,
    v.distinct_captions,
    coalesce(m.label, v.writer) AS writer,
    CASE v.kind WHEN 'summary' THEN v.amount END AS words_asked,
    v.retried,
    v.off_length,
    v.instructions
FROM variants AS v
LEFT JOIN models AS m ON m.model_id = v.writer
LEFT JOIN variants AS p ON p.name = v.parent
WHERE NOT v.pictures
ORDER BY v.control, v.words, v.title
