-- The temperature of InfoNCE: simulations that differ in it stand side by side. And the starred tick
-- of the paper's Fig. 11.

ALTER TABLE metrics ADD COLUMN global_at_full_k BOOLEAN;
COMMENT ON COLUMN metrics.global_at_full_k IS 'Becomes global once k = n - 1 (the starred tick of the paper''s Fig. 11).';

ALTER TABLE theory_runs ADD COLUMN temperature DOUBLE;
COMMENT ON COLUMN theory_runs.temperature IS 'tau of InfoNCE, whose optimum is <f, f> / tau = K_PMI + c; NULL for nce, and 1 where NULL for infonce.';
COMMENT ON COLUMN theory_runs.kernel_a IS 'Inner products of what A learned of the events over the temperature, in the same order.';

CREATE OR REPLACE VIEW theory AS
WITH ends AS (
    SELECT
        s.unit_key,
        any_value(s.correlation) FILTER (WHERE s.side = 'A') AS correlation_a,
        any_value(s.correlation) FILTER (WHERE s.side = 'B') AS correlation_b,
        any_value(s.own_correlation) FILTER (WHERE s.side = 'B') AS own_correlation_b,
        any_value(s."offset") FILTER (WHERE s.side = 'A') AS offset_a,
        any_value(s."offset") FILTER (WHERE s.side = 'B') AS offset_b,
        any_value(s.error) FILTER (WHERE s.side = 'A') AS error_a,
        any_value(s.error) FILTER (WHERE s.side = 'B') AS error_b
    FROM theory_steps AS s
    JOIN theory_runs AS r ON r.unit_key = s.unit_key AND r.steps = s.step
    GROUP BY s.unit_key
)

SELECT
    r.* EXCLUDE (k_pmi, kernel_a, kernel_b, temperature), e.* EXCLUDE (unit_key),
    CASE WHEN r.loss = 'infonce' THEN coalesce(r.temperature, 1) END AS temperature,
    c.metric, coalesce(m.label, c.metric) AS metric_label,
    coalesce(m.higher_is_closer, true) AS higher_is_closer,
    c.k AS metric_k, c.score, c.note,
    -- Two graphs without anything to do with each other share k of n - 1.
    CASE WHEN c.metric = 'mutual_knn' THEN c.k / (r.events - 1) END AS chance,
    -- Inner products reach no further than positive semi-definite kernels.
    CASE WHEN r.smallest_constant IS NULL THEN false
        WHEN r.loss = 'nce' THEN r.expected_offset >= r.smallest_constant
        ELSE true
    END AS reachable
FROM theory_runs AS r
JOIN ends AS e ON e.unit_key = r.unit_key
JOIN theory_scores AS c ON c.unit_key = r.unit_key AND c.step = r.steps
LEFT JOIN metrics AS m ON m.name = c.metric
QUALIFY row_number() OVER (
    PARTITION BY
        r.world, r.events, r."window", r.smoothness, r.loss, r.observer, r.share, c.metric,
        coalesce(r.temperature, 1)
    ORDER BY r.theory_version DESC, r.finished_at DESC, r.unit_key
) = 1;
COMMENT ON VIEW theory IS 'The newest simulation of every world and observer, a row per metric: how near the learned kernels end to K_PMI, and how alike the two observers embed the events.';
