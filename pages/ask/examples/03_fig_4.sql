-- Fig. 4: does alignment with vision go with skill? Every skill that three models or more have
SELECT
    a.dataset, s.skill, a.vision_label, count(DISTINCT s.model_id) AS models,
    corr(a.score, s.score) AS r
FROM language_vision_alignment AS a
JOIN skills AS s ON s.model_id = a.language_model
WHERE a.metric = 'mutual_knn' AND coalesce(a.k, 10) = 10 AND a.truncation IN ('exact', 'unstated')
    AND a.language_trained
GROUP BY ALL
HAVING count(DISTINCT s.model_id) >= 3
ORDER BY models DESC, a.dataset, s.skill, a.vision_label
