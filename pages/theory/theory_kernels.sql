-- The world's K_PMI and what both observers learned of it, each learned kernel less its constant c.
WITH placed AS (
    SELECT unnest([
        {'place': 0, 'kernel': 'K_PMI, exact', 'cells': r.k_pmi, 'less': 0.0},
        {'place': 1, 'kernel': 'A, sees everything', 'cells': r.kernel_a, 'less': e.offset_a},
        {'place': 2, 'kernel': 'B, ' || CASE r.observer
            WHEN 'bijective' THEN 'sees everything'
            WHEN 'lossy' THEN 'lossy: merges events'
            ELSE 'sees some at random'
        END, 'cells': r.kernel_b, 'less': e.offset_b}
    ], recursive := true)
    FROM theory_runs AS r
    JOIN (SELECT DISTINCT unit_key, offset_a, offset_b FROM theory) AS e USING (unit_key)
    WHERE r.unit_key = $simulation
),

lines AS (
    SELECT place, kernel, less, unnest(cells) AS line, generate_subscripts(cells, 1) AS one
    FROM placed
),

entries AS (
    SELECT
        place, kernel, coalesce(less, 0) AS less, one, unnest(line) AS entry,
        generate_subscripts(line, 1) AS other
    FROM lines
)

SELECT
    place,
    kernel,
    one,
    other,
    entry - less AS value,
    less AS constant
FROM entries
ORDER BY place, one, other
