-- Figs. 11-14: does the metric matter? Trained against untrained pairs, by metric
SELECT
    dataset, metric_label,
    avg(score) FILTER (language_trained AND vision_trained) AS trained,
    avg(score) FILTER (NOT (language_trained AND vision_trained)) AS untrained,
    count(*) AS pairs
FROM language_vision_alignment
WHERE coalesce(k, 10) = 10 AND truncation = 'exact'
GROUP BY ALL
ORDER BY dataset, metric_label
