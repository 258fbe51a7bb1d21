-- Alignment of models of $modality with each other, and the competence of both (paper, Fig. 2, left).
-- $skill: what competence is; null where nobody asks.
-- $families: of trained models to keep, parted by '|'; empty keeps all. Untrained models stay.
-- $minus_control: alignment is how much closer a pair is than either of its models comes to an untrained
-- one; pairs without such a control are not told.
WITH kept AS (
    SELECT model_id FROM models
    WHERE $families = '' OR NOT trained OR family IN (SELECT unnest(string_split($families, '|')))
),

pairs AS (
    SELECT a.* FROM alignment_within_modality AS a
    WHERE a.modality = $modality
        AND
    -- include ../ui/queries/in_setting.sql
),

nearest AS (
    SELECT model, max(score) AS highest, min(score) AS lowest
    FROM (
        SELECT model_a AS model, score FROM pairs WHERE NOT trained_b
        UNION ALL
        SELECT model_b AS model, score FROM pairs WHERE NOT trained_a
    )
    GROUP BY model
),

controlled AS (
    SELECT
        p.*,
        CASE
            WHEN NOT (p.trained_a AND p.trained_b) THEN NULL
            WHEN p.higher_is_closer THEN greatest(x.highest, y.highest)
            ELSE least(x.lowest, y.lowest)
        END AS control,
        CASE WHEN p.higher_is_closer THEN p.score - control ELSE control - p.score END AS beyond
    FROM pairs AS p
    LEFT JOIN nearest AS x ON x.model = p.model_a
    LEFT JOIN nearest AS y ON y.model = p.model_b
)

SELECT
    a.label_a,
    a.label_b,
    CASE WHEN $minus_control THEN a.beyond ELSE a.score END AS alignment,
    a.control,
    s.score AS competence_a,
    t.score AS competence_b,
    least(s.score, t.score) AS competence_of_weaker,
    a.calibrated,
    CASE WHEN NOT $minus_control THEN a.chance END AS chance,
    CASE WHEN NOT $minus_control THEN a.null_best_mean END AS null_best_mean,
    a.p_value,
    a.q_value,
    a.single_layer_score,
    a.objective_a,
    a.objective_b,
    a.family_a,
    a.family_b,
    a.trained_a,
    a.trained_b,
    a.model_a,
    a.model_b
FROM controlled AS a
LEFT JOIN skills AS s ON s.model_id = a.model_a AND s.skill = $skill
LEFT JOIN skills AS t ON t.model_id = a.model_b AND t.skill = $skill
WHERE (NOT $minus_control OR a.control IS NOT NULL)
    AND a.model_a IN (SELECT model_id FROM kept)
    AND a.model_b IN (SELECT model_id FROM kept)
ORDER BY alignment DESC, a.model_a, a.model_b
