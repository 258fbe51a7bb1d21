-- What the models of a modality can do, by what most are known for.
SELECT s.skill, count(DISTINCT s.model_id) AS models
FROM skills AS s
JOIN models AS m USING (model_id)
WHERE m.modality = $modality AND (s.skill LIKE '1 − bits per byte of %' OR contains(s.skill, ', '))
GROUP BY s.skill
ORDER BY models DESC, s.skill
