-- The alignment metrics and their properties (paper, Fig. 11), with how many scores are here.
WITH here AS (
    SELECT metric, sum(scores)::BIGINT AS scores FROM scored_pairs GROUP BY metric
)

SELECT
    m.label AS metric,
    m.is_symmetric AS "symmetric",
    CASE
        WHEN m.uses_all_samples THEN 'yes'
        WHEN m.global_at_full_k THEN 'when k = n − 1'
        ELSE 'no'
    END AS "global",
    m.ordinal,
    m.batchable,
    CASE WHEN isfinite(m.lowest) THEN format('{:g}', m.lowest) ELSE '−∞' END
    || ' to ' || CASE WHEN isfinite(m.highest) THEN format('{:g}', m.highest) ELSE '∞' END AS range,
    CASE WHEN m.higher_is_closer THEN 'higher' ELSE 'lower' END AS closer,
    m.direction,
    m.equation,
    m.citation,
    m.family,
    m.name,
    coalesce(h.scores, 0) AS scores
FROM metrics AS m
LEFT JOIN here AS h ON h.metric = m.name
ORDER BY m.uses_all_samples, m.family, m.name
