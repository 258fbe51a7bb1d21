-- Alignment of every trained vision model under each variant of a dataset, mean and standard
-- deviation over trained language models (paper, Fig. 9), with how much its captions say.
-- $base_id, $row_order, $metric, $k, $truncation, $precision: what is compared.
-- include scored_sets.sql

SELECT
    v.title AS caption_set,
    v.words,
    i.tokens,
    i.bits,
    a.vision_label,
    avg(a.score) AS alignment,
    stddev_samp(a.score) AS spread,
    avg(a.calibrated) AS calibrated,
    stddev_samp(a.calibrated) AS calibrated_spread,
    avg(a.minus_control) AS minus_control,
    stddev_samp(a.minus_control) AS minus_control_spread,
    count(*) AS language_models,
    avg(a.chance) AS chance,
    CASE WHEN count(a.null_best_mean) = count(*) THEN avg(a.null_best_mean) END AS null_best_mean,
    v.kind,
    CASE v.kind WHEN 'summary' THEN 'a model' ELSE 'people' END AS written_by,
    v.control,
    v.pictures,
    coalesce(p.title, '') AS made_of,
    v.distinct_captions,
    a.vision_family,
    a.vision_model,
    v.dataset_id
FROM versions AS v
JOIN scored AS a ON a.dataset_id = v.dataset_id
LEFT JOIN informed AS i ON i.dataset_id = v.dataset_id
LEFT JOIN versions AS p ON p.name = v.parent
GROUP BY ALL
ORDER BY v.pictures, v.control, v.words, v.title, a.vision_label
