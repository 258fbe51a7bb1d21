-- At which layer of each language model color emerges: agreement of every hidden state with
-- CIELAB, for one set of color words.
WITH models AS (
    SELECT DISTINCT ON (label) unit_key, label, family, trained
    FROM color_agreement
    WHERE side = 'language' AND colors = $colors AND "rule" = $rule
    ORDER BY label, finished_at DESC
)

SELECT
    m.label,
    m.family,
    m.trained,
    c.layer,
    c.layer / greatest(max(c.layer) OVER (PARTITION BY m.unit_key), 1) AS depth,
    c.name,
    c.rho,
    c.interval_low,
    c.interval_high,
    c.p_value
FROM models AS m
JOIN color_layers AS c ON c.unit_key = m.unit_key
ORDER BY m.label, c.layer
