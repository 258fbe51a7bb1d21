-- Version 15. What each metric is.

-- One row per alignment metric, with the properties of the paper's Fig. 11.
CREATE TABLE metrics (
    name VARCHAR PRIMARY KEY, -- Registered name, as in scores.metric.
    label VARCHAR NOT NULL, -- Name used in charts.
    family VARCHAR NOT NULL, -- Metrics that share the preparation of a model's layers.
    is_symmetric BOOLEAN NOT NULL, -- Swapping the models leaves the score as it is.
    uses_all_samples BOOLEAN NOT NULL, -- The paper's "global": every pair of samples counts, not only near ones.
    ordinal BOOLEAN NOT NULL, -- The order of neighbors counts, not only who they are.
    batchable BOOLEAN NOT NULL, -- Can be estimated from batches.
    uses_k BOOLEAN NOT NULL, -- Depends on a number of neighbors k.
    lowest DOUBLE, -- Lowest attainable score.
    highest DOUBLE, -- Highest attainable score.
    higher_is_closer BOOLEAN NOT NULL, -- False where a score is a distance.
    direction VARCHAR NOT NULL, -- Which way an asymmetric metric runs; empty for symmetric ones.
    equation VARCHAR NOT NULL, -- Definition.
    citation VARCHAR NOT NULL, -- Where it was published.
    global_at_full_k BOOLEAN -- Becomes global once k = n - 1 (the starred tick of the paper's Fig. 11).
);
