-- Fig. 2: how alike vision models are, by how much the weaker of a pair can do
SELECT
    a.dataset, a.label_a, a.label_b, least(x.mean_accuracy, y.mean_accuracy) AS weaker_accuracy,
    a.score
FROM vision_alignment AS a
JOIN vision_competence AS x ON x.model_id = a.model_a
JOIN vision_competence AS y ON y.model_id = a.model_b AND y.task_set = x.task_set
    AND y.layer_choice = x.layer_choice AND y.precision = x.precision
WHERE a.metric = 'mutual_knn' AND a.k = 10 AND x.tasks > 1
ORDER BY a.dataset, weaker_accuracy
