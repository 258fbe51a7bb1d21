-- How alignment grows with the size of the vision model, seen at every k (paper, Fig. 10).
-- Mean over the trained language models that every vision model was measured with at every k;
-- within a vision family centered on its smallest model and divided by the standard deviation over
-- its models. Of two models that is +-sqrt(2) whatever was measured, and of models that differ by
-- rounding it is rounding: neither is told.
WITH pairs AS (
    SELECT
        a.*,
        CASE WHEN $concatenated THEN a.score ELSE a.single_layer_score END AS shown
    FROM language_vision_alignment AS a
    WHERE a.dataset_id = $dataset_id
        AND a.row_order = $row_order
        AND a.n = $n
        AND a.metric = $metric
        AND a.k IS NOT NULL
        AND a.sigma IS NOT DISTINCT FROM $sigma
        AND a.truncation = $truncation
        AND a.normalized = $normalized
        AND a.precision IS NOT DISTINCT FROM $precision
        AND a.pooling = $pooling
        AND a.prompt = $prompt
        AND a.language_trained
        AND a.vision_trained
),

complete AS (
    SELECT language_model
    FROM pairs
    GROUP BY language_model
    HAVING count(*) = (SELECT count(DISTINCT (vision_model, k)) FROM pairs)
),

means AS (
    SELECT
        vision_family,
        vision_model,
        vision_label,
        vision_parameters,
        k,
        n,
        avg(shown) AS alignment,
        avg(chance) AS chance,
        CASE WHEN $concatenated AND count(null_best_mean) = count(*) THEN avg(null_best_mean) END AS null_best_mean,
        stddev_samp(shown) AS spread,
        count(*) AS language_models
    FROM pairs
    SEMI JOIN complete USING (language_model)
    GROUP BY ALL
),

families AS (
    SELECT
        vision_family,
        k,
        count(*) AS family_size,
        stddev_samp(alignment) AS deviation,
        count(*) >= 3 AS enough,
        stddev_samp(alignment) > 1e-6 * max(abs(alignment)) AS differ
    FROM means
    GROUP BY vision_family, k
)

SELECT
    vision_label,
    vision_family,
    k,
    alignment,
    CASE
        WHEN enough AND differ
            THEN (alignment - first_value(alignment) OVER sizes) / deviation
    END AS growth,
    CASE WHEN NOT enough THEN 'few' WHEN NOT differ THEN 'equal' END AS no_growth,
    spread,
    chance,
    null_best_mean,
    k / (n - 1) AS share,
    vision_parameters,
    row_number() OVER sizes AS place,
    family_size,
    language_models,
    vision_model
FROM means
JOIN families USING (vision_family, k)
WINDOW sizes AS (PARTITION BY vision_family, k ORDER BY vision_parameters NULLS LAST, vision_label)
ORDER BY vision_family, k, place
