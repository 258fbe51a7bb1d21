-- Version 19. Whether metrics measure what they should: tests on networks of which the answer is known (Klabunde et al. 2024).

-- A row per test, metric and set of networks: multilayer perceptrons trained on scikit-learn's digits.
CREATE TABLE metric_checks (
    unit_key VARCHAR PRIMARY KEY, -- Hash of all choices.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    test VARCHAR NOT NULL, -- layer monotonicity, label randomization, shortcut, augmentation, depth or accuracy.
    metric VARCHAR NOT NULL, -- Registered name.
    k INTEGER, -- Its neighbors; NULL without.
    repeat INTEGER NOT NULL, -- Which set of networks: seed of pictures, weights and order.
    measure VARCHAR NOT NULL, -- average precision of finding pairs trained alike, Spearman's correlation, or conformity (share of comparisons that come out right).
    score DOUBLE NOT NULL, -- Of that measure; 1 is perfect.
    chance DOUBLE NOT NULL, -- What a metric scores that knows nothing.
    networks INTEGER NOT NULL, -- Networks compared.
    n INTEGER NOT NULL, -- Pictures shown to them.
    accuracy DOUBLE NOT NULL, -- Mean share of these that they get right.
    checks_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- The newest check of every metric, test and set of networks, with the metric's label.
CREATE VIEW checked_metrics AS
SELECT
    c.*, coalesce(m.label, c.metric) AS metric_label
FROM metric_checks AS c
LEFT JOIN metrics AS m ON m.name = c.metric
QUALIFY row_number() OVER (
    PARTITION BY c.test, c.metric, c.k, c.repeat
    ORDER BY c.checks_version DESC, c.finished_at DESC, c.unit_key
) = 1;
