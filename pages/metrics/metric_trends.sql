-- Alignment under every metric against one skill of the language models (paper, Figs. 13, 14):
-- trained models, each metric's customary setting.
-- $calibrated, $minus_control: which scores; those that have none are left out.
-- $families: to keep, parted by '|'; where none is of a side, all of that side.
WITH chosen AS (
    SELECT DISTINCT modality, family FROM models
    WHERE trained AND family IN (SELECT unnest(string_split($families, '|')))
),

customary AS (
    SELECT * FROM language_vision_settings
    WHERE dataset_id = $dataset_id AND row_order = $row_order AND trained_pairs > 0
    QUALIFY row_number() OVER (PARTITION BY metric ORDER BY place) = 1
),

valued AS (
    SELECT a.*, a.score AS value
    FROM alignment AS a
    JOIN customary AS c
        ON c.metric = a.metric
        AND c.n = a.n
        AND c.k IS NOT DISTINCT FROM a.k
        AND c.sigma IS NOT DISTINCT FROM a.sigma
        AND c.truncation = a.truncation
        AND c.normalized = a.normalized
        AND c.precision IS NOT DISTINCT FROM a.precision
        AND c.pooling = a.pooling
        AND c.prompt = a.prompt
    WHERE a.modality_x = 'language' AND a.modality_y = 'vision'
        AND a.dataset_id = $dataset_id AND a.row_order = $row_order
),

-- include ../ui/queries/controlled.sql

SELECT
    r.metric_label || CASE WHEN r.k IS NULL THEN '' ELSE ' (k = ' || r.k || ')' END AS metric_label,
    r.label_x,
    r.family_x,
    r.label_y,
    r.family_y AS group_y,
    s.score AS score_x,
    CASE
        WHEN $calibrated THEN r.calibrated
        WHEN $minus_control THEN r.minus_control
        ELSE r.score
    END AS alignment,
    r.higher_is_closer OR $calibrated OR $minus_control AS higher_is_closer,
    CASE WHEN NOT ($calibrated OR $minus_control) THEN r.chance END AS chance,
    CASE WHEN NOT ($calibrated OR $minus_control) THEN r.null_best_mean END AS null_best_mean,
    r.control_value AS control,
    r.k,
    r.truncation,
    r.pooling,
    r.prompt,
    r.precision,
    r.n,
    r.metric,
    r.model_x,
    r.model_y,
    r.modality_x,
    r.modality_y,
    r.unit_key
FROM controlled AS r
JOIN skills AS s ON s.model_id = r.model_x AND s.skill = $skill
WHERE r.trained_x
    AND r.trained_y
    AND (NOT $calibrated OR r.calibrated IS NOT NULL)
    AND (NOT $minus_control OR r.control_value IS NOT NULL)
    AND (
        NOT EXISTS (FROM chosen AS c WHERE c.modality = 'language')
        OR r.family_x IN (SELECT c.family FROM chosen AS c WHERE c.modality = 'language')
    )
    AND (
        NOT EXISTS (FROM chosen AS c WHERE c.modality = 'vision')
        OR r.family_y IN (SELECT c.family FROM chosen AS c WHERE c.modality = 'vision')
    )
ORDER BY r.metric, r.label_y, s.score, r.label_x
