-- Fig. 10: local or global? CKNNA by how many neighbors it looks at
SELECT
    dataset, language_label, k, avg(score) AS mean_score, count(*) AS vision_models
FROM language_vision_alignment
WHERE metric = 'cknna' AND vision_trained
GROUP BY ALL
ORDER BY dataset, language_label, k
