-- Alignment of every language model with every vision model in one setting, the closest first.
-- $concatenated: let "all layers side by side" compete with the single layers, as the paper does.
-- $untrained: show randomly initialized controls, too.
-- $calibrated: show calibrated scores; those without calibration are left out.
-- $minus_control: show scores less those of the untrained control; pairs without one are left out.
-- $families: of trained models to keep, parted by '|'; where none is of a side, all of that side.
-- $language_skill, $vision_skill: which skill of either side to tell; null leaves it out.
WITH chosen AS (
    SELECT DISTINCT modality, family FROM models
    WHERE trained AND family IN (SELECT unnest(string_split($families, '|')))
),

valued AS (
    SELECT
        a.*,
        CASE WHEN $concatenated THEN a.score ELSE a.single_layer_score END AS value
    FROM language_vision_alignment AS a
    WHERE
        -- include in_setting.sql
),

-- include controlled.sql,

shown AS (
    SELECT
        a.*,
        l.score AS language_score,
        v.score AS vision_score,
        CASE
            WHEN $calibrated THEN a.calibrated
            WHEN $minus_control THEN a.minus_control
            ELSE a.value
        END AS alignment,
        $calibrated OR $minus_control AS moved,
        CASE WHEN $concatenated THEN a.language_layer ELSE a.single_language_layer END AS best_language_layer,
        CASE WHEN $concatenated THEN a.vision_layer ELSE a.single_vision_layer END AS best_vision_layer,
        -- The interval is that of the pair of layers that was the best: it holds where that is shown.
        $concatenated OR (
            a.language_layer = a.single_language_layer AND a.vision_layer = a.single_vision_layer
        ) AS same_pair
    FROM controlled AS a
    LEFT JOIN skills AS l ON l.model_id = a.language_model AND l.skill = $language_skill
    LEFT JOIN skills AS v ON v.model_id = a.vision_model AND v.skill = $vision_skill
    WHERE
        (NOT $calibrated OR a.calibrated IS NOT NULL)
        AND (NOT $minus_control OR a.control_value IS NOT NULL)
        AND ($untrained OR (a.language_trained AND a.vision_trained))
        AND (
            NOT a.language_trained
            OR NOT EXISTS (FROM chosen AS c WHERE c.modality = 'language')
            OR a.language_family IN (SELECT c.family FROM chosen AS c WHERE c.modality = 'language')
        )
        AND (
            NOT a.vision_trained
            OR NOT EXISTS (FROM chosen AS c WHERE c.modality = 'vision')
            OR a.vision_family IN (SELECT c.family FROM chosen AS c WHERE c.modality = 'vision')
        )
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
)

SELECT
    language_label,
    vision_label,
    alignment,
    CASE WHEN NOT moved THEN chance END AS chance,
    -- Relabeled tables held the concatenation, too: they say nothing about single layers only.
    CASE WHEN $concatenated THEN calibrated END AS calibrated,
    CASE WHEN $concatenated THEN p_value END AS p_value,
    CASE WHEN $concatenated THEN q_value END AS q_value,
    CASE WHEN $concatenated AND NOT moved THEN null_best_mean END AS null_best_mean,
    CASE WHEN $concatenated AND NOT moved THEN null_threshold END AS null_threshold,
    CASE WHEN same_pair AND NOT moved THEN interval_low END AS interval_low,
    CASE WHEN same_pair AND NOT moved THEN interval_high END AS interval_high,
    CASE WHEN same_pair AND NOT moved THEN selection_free END AS selection_free,
    CASE WHEN same_pair THEN language_tied END AS language_tied,
    CASE WHEN same_pair THEN vision_tied END AS vision_tied,
    control_value AS control,
    higher_is_closer OR moved AS higher_is_closer,
    best_language_layer AS language_layer,
    best_vision_layer AS vision_layer,
    CASE WHEN language_trained THEN language_family ELSE 'untrained' END AS language_group,
    CASE WHEN vision_trained THEN vision_family ELSE 'untrained' END AS vision_group,
    language_parameters,
    vision_parameters,
    language_score,
    vision_score,
    language_trained AND vision_trained AS trained,
    avg(alignment) OVER (PARTITION BY language_label) AS language_mean,
    avg(alignment) OVER (PARTITION BY vision_label) AS vision_mean,
    layered,
    language_model,
    vision_model,
    unit_key
FROM named
ORDER BY CASE WHEN named.higher_is_closer OR moved THEN -alignment ELSE alignment END, language_label, vision_label
