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
    FROM language_vision_alignment AS a
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
    WHERE a.dataset_id = $dataset_id AND a.row_order = $row_order
),

-- include ../ui/queries/controlled.sql

SELECT
    r.metric_label || CASE WHEN r.k IS NULL THEN '' ELSE ' (k = ' || r.k || ')' END AS metric_label,
    r.language_label,
    r.language_family,
    r.vision_label,
    r.vision_family AS vision_group,
    s.score AS language_score,
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
    r.language_model,
    r.vision_model,
    r.unit_key
FROM controlled AS r
JOIN skills AS s ON s.model_id = r.language_model AND s.skill = $skill
WHERE r.language_trained
    AND r.vision_trained
    AND (NOT $calibrated OR r.calibrated IS NOT NULL)
    AND (NOT $minus_control OR r.control_value IS NOT NULL)
    AND (
        NOT EXISTS (FROM chosen AS c WHERE c.modality = 'language')
        OR r.language_family IN (SELECT c.family FROM chosen AS c WHERE c.modality = 'language')
    )
    AND (
        NOT EXISTS (FROM chosen AS c WHERE c.modality = 'vision')
        OR r.vision_family IN (SELECT c.family FROM chosen AS c WHERE c.modality = 'vision')
    )
ORDER BY r.metric, r.vision_label, s.score, r.language_label
