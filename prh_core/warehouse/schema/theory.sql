-- Version 15. Simulated worlds, two observers of each, and what contrastive learners make of them (paper, Section 4 and App. F).

-- Simulations, a row each: a random walk over events, observed twice and learned by contrast.
-- Observer A sees every event under names of its own; B is the one described.
CREATE TABLE theory_runs (
    unit_key VARCHAR PRIMARY KEY, -- Hash of all choices.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    world VARCHAR NOT NULL, -- ring, grid, tree or field: which events are alike.
    events INTEGER NOT NULL, -- N, events of the world.
    "window" INTEGER NOT NULL, -- T: events at most so many steps apart occur together.
    smoothness DOUBLE NOT NULL, -- Log-weights of steps are likeness times this.
    loss VARCHAR NOT NULL, -- nce: together or not, binary; infonce: which of many.
    observer VARCHAR NOT NULL, -- How B sees: bijective, lossy (takes events for one) or noisy (now and then any event).
    share DOUBLE NOT NULL, -- Share of information asked to be lost (lossy), or of cases seen at random (noisy); 0 for bijective.
    p_positive DOUBLE, -- Share of pairs that occurred together, nce; NULL for infonce.
    steps INTEGER NOT NULL, -- Of training.
    batch INTEGER NOT NULL, -- Pairs a step.
    seed INTEGER NOT NULL, -- Of the world, the observers and the learners.
    symbols INTEGER NOT NULL, -- Symbols that B tells apart.
    entropy DOUBLE NOT NULL, -- H(Z) of an event, in bits.
    lost DOUBLE NOT NULL, -- Share of it that B's symbol does not tell: 1 - I(Z; S) / H(Z), exact.
    walked INTEGER NOT NULL, -- Steps of a walk whose pairs were counted.
    counted_correlation DOUBLE, -- Correlation of the PMI so counted with the exact one, pairs of different events; NULL where the walk missed an event.
    expected_offset DOUBLE, -- log(p_positive / (1 - p_positive)): what theory adds to the PMI, nce; NULL for infonce, which may add any constant.
    smallest_constant DOUBLE, -- Least C for which K_PMI + C is positive semi-definite, so that inner products can meet it; NULL where no constant does.
    least_eigenvalue DOUBLE NOT NULL, -- Of K_PMI itself.
    log_rho DOUBLE NOT NULL, -- Least PMI of different events.
    delta DOUBLE NOT NULL, -- Largest less least PMI of different events.
    sufficient BOOLEAN NOT NULL, -- Whether the condition of Prop. F.1 holds, P(z|z) / P(z) >= exp(N delta) rho for all z; it is sufficient, not necessary.
    k INTEGER NOT NULL, -- Neighbors of metrics that use them: an eighth of N and even, since a ring's neighbors come in pairs.
    k_pmi DOUBLE[][] NOT NULL, -- K_PMI, exact, nats; N x N in the world's order.
    kernel_a DOUBLE[][] NOT NULL, -- Inner products of what A learned of the events over the temperature, in the same order.
    kernel_b DOUBLE[][] NOT NULL, -- Likewise of B; an event's embedding is the mean over the symbols it is seen as.
    theory_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL, -- When.
    temperature DOUBLE -- tau of InfoNCE, whose optimum is <f, f> / tau = K_PMI + c; NULL for nce, and 1 where NULL for infonce.
);

-- How near a learner's kernel is to the PMI as training goes on, pairs of different events.
CREATE TABLE theory_steps (
    unit_key VARCHAR NOT NULL, -- The simulation.
    step INTEGER NOT NULL, -- Steps trained.
    side VARCHAR NOT NULL, -- A or B.
    loss_value DOUBLE NOT NULL, -- Of that step's batch, nats a pair.
    correlation DOUBLE, -- Pearson, of the learned kernel with the world's K_PMI; NULL where one is constant.
    own_correlation DOUBLE, -- Pearson, with the PMI of the symbols that the observer sees; NULL where one is constant.
    "offset" DOUBLE, -- c: mean of the learned kernel less the PMI of its symbols.
    error DOUBLE, -- Standard deviation of what is left, |K - (K_PMI + c)|, as a share of that PMI's own.
    PRIMARY KEY (unit_key, step, side)
);

-- How alike A and B embed the events as training goes on, by every metric; rows l2-normalized.
CREATE TABLE theory_scores (
    unit_key VARCHAR NOT NULL, -- The simulation.
    step INTEGER NOT NULL, -- Steps trained.
    metric VARCHAR NOT NULL, -- Metric.
    k INTEGER, -- Its neighbors; NULL without.
    score DOUBLE, -- Raw score; NULL where the metric cannot be computed.
    note VARCHAR, -- Why it cannot.
    PRIMARY KEY (unit_key, step, metric)
);

-- The newest simulation of every world and observer, a row per metric: how near the learned
-- kernels end to K_PMI, and how alike the two observers embed the events.
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
