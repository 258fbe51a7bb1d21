-- Alignment of every pair of trained models under each variant of a dataset (paper, Fig. 9), with
-- how much its captions say: words, and bits under the language models that predict text.
-- $base_id, $row_order, $metric, $k, $truncation, $precision: what is compared.
-- include scored_sets.sql

SELECT
    v.title AS caption_set,
    v.words,
    i.tokens,
    i.bits,
    a.vision_label,
    a.language_label,
    a.score AS alignment,
    a.calibrated,
    a.minus_control,
    a.chance,
    a.null_best_mean,
    v.kind,
    CASE v.kind WHEN 'summary' THEN 'a model' ELSE 'people' END AS written_by,
    v.control,
    v.pictures,
    coalesce(p.title, '') AS made_of,
    v.distinct_captions,
    a.vision_model,
    a.language_model,
    v.dataset_id
FROM versions AS v
JOIN scored AS a ON a.dataset_id = v.dataset_id
LEFT JOIN informed AS i ON i.dataset_id = v.dataset_id
LEFT JOIN versions AS p ON p.name = v.parent
ORDER BY v.pictures, v.control, v.words, v.title, a.vision_label, a.language_label
