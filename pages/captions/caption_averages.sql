-- Alignment over how many captions and pictures of an image are averaged as features, and over how
-- many captions are joined as text: mean over the pairs of trained models that all of the former
-- have, standard deviation over language models.
-- $base_id, $row_order, $metric, $k, $truncation, $precision: what is compared.
-- include averaged_series.sql

SELECT
    how, captions, pictures,
    avg(alignment) AS alignment,
    stddev_samp(alignment) AS spread,
    count(*) AS language_models,
    max(vision_models) AS vision_models,
    avg(chance) AS chance,
    CASE WHEN count(null_best_mean) = count(*) THEN avg(null_best_mean) END AS null_best_mean
FROM (
    SELECT
        how, captions, pictures, model_x,
        avg(score) AS alignment,
        count(*) AS vision_models,
        avg(null_mean) AS chance,
        CASE WHEN count(null_best_mean) = count(*) THEN avg(null_best_mean) END AS null_best_mean
    FROM points
    GROUP BY ALL
)
GROUP BY ALL
ORDER BY how DESC, pictures, captions
