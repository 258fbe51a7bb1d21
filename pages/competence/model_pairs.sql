-- Alignment of models of $modality with each other, and the competence of both (paper, Fig. 2, left).
-- $skill: what competence is; null where nobody asks.
-- $families: of trained models to keep, parted by '|'; empty keeps all. Untrained models stay.
WITH kept AS (
    SELECT model_id FROM models
    WHERE $families = '' OR NOT trained OR family IN (SELECT unnest(string_split($families, '|')))
)

SELECT
    a.label_a,
    a.label_b,
    a.score AS alignment,
    s.score AS competence_a,
    t.score AS competence_b,
    least(s.score, t.score) AS competence_of_weaker,
    a.calibrated,
    a.chance,
    a.null_best_mean,
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
FROM alignment_within_modality AS a
LEFT JOIN skills AS s ON s.model_id = a.model_a AND s.skill = $skill
LEFT JOIN skills AS t ON t.model_id = a.model_b AND t.skill = $skill
WHERE a.modality = $modality
    AND
    -- include ../ui/queries/in_setting.sql
    AND a.model_a IN (SELECT model_id FROM kept)
    AND a.model_b IN (SELECT model_id FROM kept)
ORDER BY alignment DESC, a.model_a, a.model_b
