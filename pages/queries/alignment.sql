-- Alignment of every language model with every vision model in one setting, the closest first.
-- $concatenated: let "all layers side by side" compete with the single layers, as the paper does.
-- $untrained: show randomly initialised controls, too.
-- $text: which text the language models' bits per byte are of; null leaves them out.
WITH bits AS (
    -- A model measured twice on a text counts with its longer measurement, then with its newer one.
    SELECT model_id, language_score
    FROM bits_per_byte
    WHERE text = $text
    QUALIFY row_number() OVER (PARTITION BY model_id ORDER BY tokens DESC, finished_at DESC) = 1
),

shown AS (
    SELECT
        a.*,
        b.language_score,
        CASE WHEN $concatenated THEN a.score ELSE a.single_layer_score END AS alignment,
        CASE WHEN $concatenated THEN a.language_layer ELSE a.single_language_layer END AS best_language_layer,
        CASE WHEN $concatenated THEN a.vision_layer ELSE a.single_vision_layer END AS best_vision_layer,
        -- The interval is that of one pair of layers: it holds wherever that pair is the best.
        $concatenated OR (
            a.language_layer = a.single_language_layer AND a.vision_layer = a.single_vision_layer
        ) AS same_pair
    FROM language_vision_alignment AS a
    LEFT JOIN bits AS b ON b.model_id = a.language_model
    WHERE a.dataset_id = $dataset_id
        AND a.row_order = $row_order
        AND a.n = $n
        AND a.metric = $metric
        AND a.k IS NOT DISTINCT FROM $k
        AND a.sigma IS NOT DISTINCT FROM $sigma
        AND a.truncation = $truncation
        AND a.normalized = $normalized
        AND a.pooling = $pooling
        AND a.prompt = $prompt
        AND ($untrained OR (a.language_trained AND a.vision_trained))
),

-- Two models under one label, or one model under two poolings, stay apart.
named AS (
    SELECT
        * REPLACE (
            language_label || CASE
                WHEN count(DISTINCT language_model) OVER (PARTITION BY language_label) > 1
                    THEN ' [' || language_model || ']'
                ELSE ''
            END AS language_label,
            vision_label || CASE
                WHEN count(DISTINCT vision_model) OVER (PARTITION BY vision_label) > 1
                    THEN ' [' || vision_model || ']'
                ELSE ''
            END || CASE
                WHEN count(DISTINCT pooling_y) OVER (PARTITION BY vision_model) > 1
                    THEN ', ' || pooling_y
                ELSE ''
            END AS vision_label
        )
    FROM shown
),

-- One least-squares line a vision model, over trained language models with bits per byte.
fitted AS (
    SELECT
        *,
        CASE WHEN language_trained THEN language_score END AS skill,
        rank() OVER (PARTITION BY vision_label, skill IS NULL ORDER BY skill) + (
            count(*) OVER (PARTITION BY vision_label, skill) - 1
        ) / 2 AS skill_rank,
        rank() OVER (PARTITION BY vision_label, skill IS NULL ORDER BY alignment) + (
            count(*) OVER (PARTITION BY vision_label, skill IS NULL, alignment) - 1
        ) / 2 AS alignment_rank
    FROM named
)

SELECT
    language_label,
    vision_label,
    alignment,
    chance,
    -- Relabelled tables held the concatenation, too: they say nothing about single layers only.
    CASE WHEN $concatenated THEN calibrated END AS calibrated,
    CASE WHEN $concatenated THEN p_value END AS p_value,
    CASE WHEN $concatenated THEN q_value END AS q_value,
    CASE WHEN $concatenated THEN null_threshold END AS null_threshold,
    CASE WHEN same_pair THEN interval_low END AS interval_low,
    CASE WHEN same_pair THEN interval_high END AS interval_high,
    higher_is_closer,
    best_language_layer AS language_layer,
    best_vision_layer AS vision_layer,
    CASE WHEN language_trained THEN language_family ELSE 'untrained' END AS language_group,
    CASE WHEN vision_trained THEN vision_family ELSE 'untrained' END AS vision_group,
    language_parameters,
    vision_parameters,
    language_score,
    count(skill) OVER line AS fit_models,
    CASE WHEN fit_models >= 3 THEN regr_slope(alignment, skill) OVER line END AS slope,
    CASE
        WHEN fit_models >= 3 AND skill IS NOT NULL
            THEN slope * skill + regr_intercept(alignment, skill) OVER line
    END AS fit,
    CASE WHEN fit_models >= 3 THEN corr(alignment, skill) OVER line END AS r,
    CASE
        WHEN fit_models >= 3
            THEN corr(alignment_rank, skill_rank) FILTER (WHERE skill IS NOT NULL) OVER line
    END AS rho,
    avg(alignment) OVER (PARTITION BY language_label) AS language_mean,
    avg(alignment) OVER (PARTITION BY vision_label) AS vision_mean,
    language_model,
    vision_model,
    unit_key
FROM fitted
WINDOW line AS (PARTITION BY vision_label)
ORDER BY CASE WHEN higher_is_closer THEN -alignment ELSE alignment END, language_label, vision_label
