-- Theory: simulated worlds, two observers of each, and what contrastive learners make of them
-- (paper, Section 4 and App. F).

CREATE TABLE theory_runs (
    unit_key VARCHAR PRIMARY KEY, run_id VARCHAR NOT NULL, world VARCHAR NOT NULL,
    events INTEGER NOT NULL, "window" INTEGER NOT NULL, smoothness DOUBLE NOT NULL,
    loss VARCHAR NOT NULL, observer VARCHAR NOT NULL, share DOUBLE NOT NULL,
    p_positive DOUBLE, steps INTEGER NOT NULL, batch INTEGER NOT NULL, seed INTEGER NOT NULL,
    symbols INTEGER NOT NULL, entropy DOUBLE NOT NULL, lost DOUBLE NOT NULL,
    walked INTEGER NOT NULL, counted_correlation DOUBLE, expected_offset DOUBLE,
    smallest_constant DOUBLE, least_eigenvalue DOUBLE NOT NULL, log_rho DOUBLE NOT NULL,
    delta DOUBLE NOT NULL, sufficient BOOLEAN NOT NULL, k INTEGER NOT NULL,
    k_pmi DOUBLE[][] NOT NULL, kernel_a DOUBLE[][] NOT NULL, kernel_b DOUBLE[][] NOT NULL,
    theory_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE theory_runs IS 'Simulations, a row each: a random walk over events, observed twice and learned by contrast. Observer A sees every event under names of its own; B is the one described.';
COMMENT ON COLUMN theory_runs.unit_key IS 'Hash of all choices.';
COMMENT ON COLUMN theory_runs.run_id IS 'The run that computed it.';
COMMENT ON COLUMN theory_runs.world IS 'ring, grid, tree or field: which events are alike.';
COMMENT ON COLUMN theory_runs.events IS 'N, events of the world.';
COMMENT ON COLUMN theory_runs."window" IS 'T: events at most so many steps apart occur together.';
COMMENT ON COLUMN theory_runs.smoothness IS 'Log-weights of steps are likeness times this.';
COMMENT ON COLUMN theory_runs.loss IS 'nce: together or not, binary; infonce: which of many.';
COMMENT ON COLUMN theory_runs.observer IS 'How B sees: bijective, lossy (takes events for one) or noisy (now and then any event).';
COMMENT ON COLUMN theory_runs.share IS 'Share of information asked to be lost (lossy), or of cases seen at random (noisy); 0 for bijective.';
COMMENT ON COLUMN theory_runs.p_positive IS 'Share of pairs that occurred together, nce; NULL for infonce.';
COMMENT ON COLUMN theory_runs.steps IS 'Of training.';
COMMENT ON COLUMN theory_runs.batch IS 'Pairs a step.';
COMMENT ON COLUMN theory_runs.seed IS 'Of the world, the observers and the learners.';
COMMENT ON COLUMN theory_runs.symbols IS 'Symbols that B tells apart.';
COMMENT ON COLUMN theory_runs.entropy IS 'H(Z) of an event, in bits.';
COMMENT ON COLUMN theory_runs.lost IS 'Share of it that B''s symbol does not tell: 1 - I(Z; S) / H(Z), exact.';
COMMENT ON COLUMN theory_runs.walked IS 'Steps of a walk whose pairs were counted.';
COMMENT ON COLUMN theory_runs.counted_correlation IS 'Correlation of the PMI so counted with the exact one, pairs of different events; NULL where the walk missed an event.';
COMMENT ON COLUMN theory_runs.expected_offset IS 'log(p_positive / (1 - p_positive)): what theory adds to the PMI, nce; NULL for infonce, which may add any constant.';
COMMENT ON COLUMN theory_runs.smallest_constant IS 'Least C for which K_PMI + C is positive semi-definite, so that inner products can meet it; NULL where no constant does.';
COMMENT ON COLUMN theory_runs.least_eigenvalue IS 'Of K_PMI itself.';
COMMENT ON COLUMN theory_runs.log_rho IS 'Least PMI of different events.';
COMMENT ON COLUMN theory_runs.delta IS 'Largest less least PMI of different events.';
COMMENT ON COLUMN theory_runs.sufficient IS 'Whether the condition of Prop. F.1 holds, P(z|z) / P(z) >= exp(N delta) rho for all z; it is sufficient, not necessary.';
COMMENT ON COLUMN theory_runs.k IS 'Neighbors of metrics that use them: an eighth of N and even, since a ring''s neighbors come in pairs.';
COMMENT ON COLUMN theory_runs.k_pmi IS 'K_PMI, exact, nats; N x N in the world''s order.';
COMMENT ON COLUMN theory_runs.kernel_a IS 'Inner products of what A learned of the events, in the same order.';
COMMENT ON COLUMN theory_runs.kernel_b IS 'Likewise of B; an event''s embedding is the mean over the symbols it is seen as.';
COMMENT ON COLUMN theory_runs.theory_version IS 'Version of the code.';
COMMENT ON COLUMN theory_runs.finished_at IS 'When.';

CREATE TABLE theory_steps (
    unit_key VARCHAR NOT NULL, step INTEGER NOT NULL, side VARCHAR NOT NULL,
    loss_value DOUBLE NOT NULL, correlation DOUBLE, own_correlation DOUBLE, "offset" DOUBLE,
    error DOUBLE, PRIMARY KEY (unit_key, step, side)
);
COMMENT ON TABLE theory_steps IS 'How near a learner''s kernel is to the PMI as training goes on, pairs of different events.';
COMMENT ON COLUMN theory_steps.unit_key IS 'The simulation.';
COMMENT ON COLUMN theory_steps.step IS 'Steps trained.';
COMMENT ON COLUMN theory_steps.side IS 'A or B.';
COMMENT ON COLUMN theory_steps.loss_value IS 'Of that step''s batch, nats a pair.';
COMMENT ON COLUMN theory_steps.correlation IS 'Pearson, of the learned kernel with the world''s K_PMI; NULL where one is constant.';
COMMENT ON COLUMN theory_steps.own_correlation IS 'Pearson, with the PMI of the symbols that the observer sees; NULL where one is constant.';
COMMENT ON COLUMN theory_steps."offset" IS 'c: mean of the learned kernel less the PMI of its symbols.';
COMMENT ON COLUMN theory_steps.error IS 'Standard deviation of what is left, |K - (K_PMI + c)|, as a share of that PMI''s own.';

CREATE TABLE theory_scores (
    unit_key VARCHAR NOT NULL, step INTEGER NOT NULL, metric VARCHAR NOT NULL, k INTEGER,
    score DOUBLE, note VARCHAR, PRIMARY KEY (unit_key, step, metric)
);
COMMENT ON TABLE theory_scores IS 'How alike A and B embed the events as training goes on, by every metric; rows l2-normalized.';
COMMENT ON COLUMN theory_scores.unit_key IS 'The simulation.';
COMMENT ON COLUMN theory_scores.step IS 'Steps trained.';
COMMENT ON COLUMN theory_scores.metric IS 'Metric.';
COMMENT ON COLUMN theory_scores.k IS 'Its neighbors; NULL without.';
COMMENT ON COLUMN theory_scores.score IS 'Raw score; NULL where the metric cannot be computed.';
COMMENT ON COLUMN theory_scores.note IS 'Why it cannot.';

CREATE VIEW theory AS
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
    r.* EXCLUDE (k_pmi, kernel_a, kernel_b), e.* EXCLUDE (unit_key),
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
        r.world, r.events, r."window", r.smoothness, r.loss, r.observer, r.share, c.metric
    ORDER BY r.theory_version DESC, r.finished_at DESC, r.unit_key
) = 1;
COMMENT ON VIEW theory IS 'The newest simulation of every world and observer, a row per metric: how near the learned kernels end to K_PMI, and how alike the two observers embed the events.';
