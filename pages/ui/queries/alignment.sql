-- Alignment of every model of $modality_x with every model of $modality_y in one setting, the closest first.
-- $concatenated: let "all layers side by side" compete with the single layers, as the paper does.
-- $untrained: show randomly initialized controls, too.
-- $calibrated: show calibrated scores; those without calibration are left out.
-- $minus_control: show scores less those of the untrained control; pairs without one are left out.
-- $families: of trained models to keep, parted by '|'; where none is of a side, all of that side.
-- $skill_x, $skill_y: which skill of either side to tell; null leaves it out.
WITH chosen AS (
    SELECT DISTINCT modality, family FROM models
    WHERE trained AND family IN (SELECT unnest(string_split($families, '|')))
),

valued AS (
    SELECT
        a.*,
        CASE WHEN $concatenated THEN a.score ELSE a.single_layer_score END AS value
    FROM alignment AS a
    WHERE
        a.modality_x = $modality_x
        AND a.modality_y = $modality_y
        AND
        -- include in_setting.sql
),

-- include controlled.sql,

shown AS (
    SELECT
        a.*,
        l.score AS score_x,
        v.score AS score_y,
        CASE
            WHEN $calibrated THEN a.calibrated
            WHEN $minus_control THEN a.minus_control
            ELSE a.value
        END AS alignment,
        $calibrated OR $minus_control AS moved,
        CASE WHEN $concatenated THEN a.layer_x ELSE a.single_layer_x END AS best_layer_x,
        CASE WHEN $concatenated THEN a.layer_y ELSE a.single_layer_y END AS best_layer_y,
        -- The interval is that of the pair of layers that was the best: it holds where that is shown.
        $concatenated OR (
            a.layer_x = a.single_layer_x AND a.layer_y = a.single_layer_y
        ) AS same_pair
    FROM controlled AS a
    LEFT JOIN skills AS l ON l.model_id = a.model_x AND l.skill = $skill_x
    LEFT JOIN skills AS v ON v.model_id = a.model_y AND v.skill = $skill_y
    WHERE
        (NOT $calibrated OR a.calibrated IS NOT NULL)
        AND (NOT $minus_control OR a.control_value IS NOT NULL)
        AND ($untrained OR (a.trained_x AND a.trained_y))
        AND (
            NOT a.trained_x
            OR NOT EXISTS (FROM chosen AS c WHERE c.modality = $modality_x)
            OR a.family_x IN (SELECT c.family FROM chosen AS c WHERE c.modality = $modality_x)
        )
        AND (
            NOT a.trained_y
            OR NOT EXISTS (FROM chosen AS c WHERE c.modality = $modality_y)
            OR a.family_y IN (SELECT c.family FROM chosen AS c WHERE c.modality = $modality_y)
        )
),

-- Two models under one label, or one model under two poolings, stay apart.
named AS (
    SELECT
        * REPLACE (
            label_x || CASE
                WHEN count(DISTINCT model_x) OVER (PARTITION BY label_x) > 1
                    THEN ' [' || model_x || ']'
                ELSE ''
            END || CASE
                WHEN count(DISTINCT pooling_x) OVER (PARTITION BY model_x) > 1
                    THEN ', ' || pooling_x
                ELSE ''
            END AS label_x,
            label_y || CASE
                WHEN count(DISTINCT model_y) OVER (PARTITION BY label_y) > 1
                    THEN ' [' || model_y || ']'
                ELSE ''
            END || CASE
                WHEN count(DISTINCT pooling_y) OVER (PARTITION BY model_y) > 1
                    THEN ', ' || pooling_y
                ELSE ''
            END AS label_y
        )
    FROM shown
)

SELECT
    label_x,
    label_y,
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
    CASE WHEN same_pair THEN tied_x END AS tied_x,
    CASE WHEN same_pair THEN tied_y END AS tied_y,
    control_value AS control,
    higher_is_closer OR moved AS higher_is_closer,
    best_layer_x AS layer_x,
    best_layer_y AS layer_y,
    CASE WHEN trained_x THEN family_x ELSE 'untrained' END AS group_x,
    CASE WHEN trained_y THEN family_y ELSE 'untrained' END AS group_y,
    parameters_x,
    parameters_y,
    score_x,
    score_y,
    trained_x AND trained_y AS trained,
    avg(alignment) OVER (PARTITION BY label_x) AS mean_x,
    avg(alignment) OVER (PARTITION BY label_y) AS mean_y,
    layered,
    swapped,
    modality_x,
    modality_y,
    model_x,
    model_y,
    unit_key
FROM named
ORDER BY CASE WHEN named.higher_is_closer OR moved THEN -alignment ELSE alignment END, label_x, label_y
