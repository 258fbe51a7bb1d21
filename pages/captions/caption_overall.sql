-- Alignment under each caption set of a dataset, mean over all trained vision and language models, and
-- standard deviation over language models (paper, Fig. 9), with how much its captions say.
-- $base_id, $row_order, $metric, $k, $truncation, $precision: what is compared.
-- include scored_sets.sql,

shown AS (
    SELECT s.* FROM scored AS s SEMI JOIN variants USING (dataset_id)
),

-- Pairs that every set has: else sets would be compared over different models.
complete AS (
    SELECT language_model, vision_model
    FROM shown
    GROUP BY ALL
    HAVING count(DISTINCT dataset_id) = (SELECT count(DISTINCT dataset_id) FROM shown)
),

by_language AS (
    SELECT
        dataset_id,
        language_model,
        avg(score) AS score,
        avg(calibrated) AS calibrated,
        avg(minus_control) AS minus_control,
        avg(chance) AS chance,
        CASE WHEN count(null_best_mean) = count(*) THEN avg(null_best_mean) END AS null_best_mean,
        count(DISTINCT vision_model) AS vision_models
    FROM shown
    SEMI JOIN complete USING (language_model, vision_model)
    GROUP BY ALL
)

SELECT
    v.title AS caption_set,
    v.words,
    i.tokens,
    i.bits,
    'mean over ' || max(a.vision_models) || ' vision model' || CASE max(a.vision_models) WHEN 1 THEN '' ELSE 's' END AS vision_label,
    avg(a.score) AS alignment,
    stddev_samp(a.score) AS spread,
    avg(a.calibrated) AS calibrated,
    stddev_samp(a.calibrated) AS calibrated_spread,
    avg(a.minus_control) AS minus_control,
    stddev_samp(a.minus_control) AS minus_control_spread,
    count(*) AS language_models,
    max(a.vision_models) AS vision_models,
    avg(a.chance) AS chance,
    CASE WHEN count(a.null_best_mean) = count(*) THEN avg(a.null_best_mean) END AS null_best_mean,
    v.kind,
    CASE v.kind WHEN 'summary' THEN 'a model' ELSE 'people' END AS written_by,
    v.control,
    v.pictures,
    coalesce(p.title, '') AS made_of,
    v.distinct_captions,
    v.dataset_id
FROM variants AS v
JOIN by_language AS a ON a.dataset_id = v.dataset_id
LEFT JOIN informed AS i ON i.dataset_id = v.dataset_id
LEFT JOIN versions AS p ON p.name = v.parent
GROUP BY ALL
ORDER BY v.control, v.words, v.title
