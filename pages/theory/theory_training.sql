-- How near both learners' kernels come to K_PMI, and to each other, as training goes on.
SELECT
    step,
    'K_PMI and the kernel of ' || side AS line,
    ascii(side) - 65 AS place,
    correlation AS value,
    loss_value
FROM theory_steps
WHERE unit_key = $simulation
UNION ALL
SELECT
    s.step,
    'A and B, ' || coalesce(m.label, s.metric) || CASE
        WHEN m.higher_is_closer THEN '' ELSE ' (lower is closer)'
    END AS line,
    2 AS place,
    s.score AS value,
    NULL AS loss_value
FROM theory_scores AS s
LEFT JOIN metrics AS m ON m.name = s.metric
WHERE s.unit_key = $simulation AND s.metric = $metric
ORDER BY place, step
