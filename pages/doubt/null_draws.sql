-- The best of the layer table in every draw of every null of one score.
WITH drawn AS (
    SELECT
        null_label, null_kind, null_threshold, score, metric_label, unnest(draws) AS best,
        list_position(
            ['relabeled', 'within-class', 'within-cluster', 'spectrum', 'untrained'], null_kind
        ) AS place
    FROM null_tests
    WHERE unit_key = $unit_key
)

SELECT null_label, best, null_threshold, score, place, null_kind
FROM drawn
ORDER BY place, best
