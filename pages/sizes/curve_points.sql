-- The sizes of the newest curves of one pair, and those they are taken on to.
WITH newest AS (
    SELECT unit_key FROM size_curves
    WHERE
        features_x || ' ' || features_y = $pair_key
        AND metric = $metric
        AND truncation = $truncation
        AND n = $n
    QUALIFY row_number() OVER (
        PARTITION BY fixed ORDER BY curve_version DESC, finished_at DESC, unit_key
    ) = 1
)

SELECT
    p.n,
    p.score,
    p.interval_low,
    p.interval_high,
    p.fixed,
    p.k,
    p.chance,
    p.spread,
    p.subsets,
    p.is_extrapolated
FROM size_points AS p
JOIN newest USING (unit_key)
ORDER BY p.fixed, p.n
