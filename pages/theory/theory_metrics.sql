-- How alike the two observers embed the events, by every metric, as training goes on.
SELECT
    coalesce(m.label, s.metric) AS metric_label,
    s.step,
    s.score,
    s.k,
    coalesce(m.higher_is_closer, true) AS higher_is_closer,
    s.note,
    s.metric
FROM theory_scores AS s
LEFT JOIN metrics AS m ON m.name = s.metric
WHERE s.unit_key = $simulation
ORDER BY
    coalesce(m.higher_is_closer, true) DESC,
    max(s.score) OVER (PARTITION BY s.metric) DESC, s.metric, s.step
