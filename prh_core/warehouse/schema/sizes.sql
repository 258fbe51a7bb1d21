-- Version 20. How scores change with the number of samples, and within classes and between them.

-- One row per pair of feature sets, metric and what is held fixed: means over random subsets of growing
-- size, at the single pair of layers that is best on all samples.
CREATE TABLE size_curves (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the curve.
    run_id VARCHAR NOT NULL, -- The run that made it.
    features_x VARCHAR NOT NULL, -- Feature set of x, as in feature_sets.unit_key.
    features_y VARCHAR NOT NULL, -- Feature set of y.
    model_x VARCHAR NOT NULL, -- First model.
    model_y VARCHAR NOT NULL, -- Second model.
    dataset_id VARCHAR NOT NULL, -- What both saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    truncation VARCHAR NOT NULL, -- Outlier truncation, over all samples.
    layer_x INTEGER NOT NULL, -- Layer of x, from 0.
    layer_name_x VARCHAR NOT NULL, -- Its name.
    layer_y INTEGER NOT NULL, -- Layer of y.
    layer_name_y VARCHAR NOT NULL, -- Its name.
    n INTEGER NOT NULL, -- Samples there are.
    fixed VARCHAR NOT NULL, -- k, share (k / n), or none for a metric without neighbors.
    k INTEGER, -- Neighbors at n; NULL for a metric without.
    share DOUBLE, -- k / n where that is fixed; k is rounded, at least 1.
    orders INTEGER NOT NULL, -- Random orders of the samples, each cut into disjoint subsets.
    seed BIGINT NOT NULL, -- Of the orders.
    sizes INTEGER[] NOT NULL, -- Samples of a subset, growing.
    ks INTEGER[] NOT NULL, -- Neighbors at each size; NULLs for a metric without.
    scores DOUBLE[] NOT NULL, -- Mean score over the subsets.
    lows DOUBLE[] NOT NULL, -- Lower ends of the 95 % intervals of what so many samples score on average; NULLs where the error is not made up of samples.
    highs DOUBLE[] NOT NULL, -- Upper ends.
    spreads DOUBLE[] NOT NULL, -- Standard deviations over the subsets; NULL of one.
    subsets INTEGER[] NOT NULL, -- How many.
    chances DOUBLE[] NOT NULL, -- Expected scores of unrelated layers; NULLs where none is known.
    change DOUBLE NOT NULL, -- Score at the last size less that at the first.
    change_low DOUBLE, -- Its 95 % interval, both of the same samples; NULL where not known.
    change_high DOUBLE, -- Upper end.
    ahead_sizes INTEGER[] NOT NULL, -- Numbers of samples beyond those there are; empty but at fixed k.
    ahead_scores DOUBLE[] NOT NULL, -- What they would score were the curve to go on as a power of n.
    ahead_lows DOUBLE[] NOT NULL, -- Lower ends: sampling error and half of the bend of the last three sizes.
    ahead_highs DOUBLE[] NOT NULL, -- Upper ends.
    exponent DOUBLE, -- Of n, over the last two sizes; NULL where not taken on.
    curve_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- One row per pair of feature sets, metric and classes: agreement of the samples of one class, and of
-- the means of classes.
CREATE TABLE class_scores (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the scores.
    run_id VARCHAR NOT NULL, -- The run that made them.
    features_x VARCHAR NOT NULL, -- Feature set of x.
    features_y VARCHAR NOT NULL, -- Feature set of y.
    model_x VARCHAR NOT NULL, -- First model.
    model_y VARCHAR NOT NULL, -- Second model.
    dataset_id VARCHAR NOT NULL, -- What both saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    truncation VARCHAR NOT NULL, -- Outlier truncation.
    layer_x INTEGER NOT NULL, -- Layer of x, from 0: the best pair on all samples.
    layer_name_x VARCHAR NOT NULL, -- Its name.
    layer_y INTEGER NOT NULL, -- Layer of y.
    layer_name_y VARCHAR NOT NULL, -- Its name.
    n INTEGER NOT NULL, -- Samples there are.
    share DOUBLE, -- Neighbors as a share of the samples compared; NULL for a metric without.
    source VARCHAR NOT NULL, -- captions, or the name of the file that said the classes.
    classes INTEGER NOT NULL, -- Classes of 8 samples or more.
    left_out INTEGER NOT NULL, -- Samples of smaller ones.
    within_n INTEGER NOT NULL, -- Samples a class, mean.
    within_k INTEGER, -- Neighbors at that size.
    within_score DOUBLE NOT NULL, -- Agreement among samples of one class, mean over samples.
    within_low DOUBLE, -- Its 95 % interval.
    within_high DOUBLE, -- Upper end.
    within_chance DOUBLE, -- Of unrelated layers.
    between_n INTEGER NOT NULL, -- Classes, as samples.
    between_k INTEGER, -- Neighbors among them.
    between_score DOUBLE NOT NULL, -- Agreement of the means of classes.
    between_low DOUBLE, -- Its 95 % interval.
    between_high DOUBLE, -- Upper end.
    between_chance DOUBLE, -- Of unrelated layers.
    seed BIGINT NOT NULL, -- Of the resampling of some metrics.
    curve_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- One row per pair of feature sets of which several captions or frames a sample are stored: mutual k-NN
-- with pairs many to many, a sample being a concept, beside one to one.
CREATE TABLE many_to_many (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the scores.
    run_id VARCHAR NOT NULL, -- The run that made them.
    features_x VARCHAR NOT NULL, -- Feature set of x, of the dataset's own captions or pictures.
    features_y VARCHAR NOT NULL, -- Feature set of y.
    model_x VARCHAR NOT NULL, -- First model.
    model_y VARCHAR NOT NULL, -- Second model.
    dataset_id VARCHAR NOT NULL, -- The dataset: a concept is one of its samples.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    metric VARCHAR NOT NULL, -- mutual_knn.
    truncation VARCHAR NOT NULL, -- Outlier truncation, over all items.
    layer_x INTEGER NOT NULL, -- Layer of x, from 0: the best pair one to one.
    layer_name_x VARCHAR NOT NULL, -- Its name.
    layer_y INTEGER NOT NULL, -- Layer of y.
    layer_name_y VARCHAR NOT NULL, -- Its name.
    n INTEGER NOT NULL, -- Concepts.
    k INTEGER NOT NULL, -- Neighbors of each item.
    items_x INTEGER NOT NULL, -- Items a concept that x saw.
    items_y INTEGER NOT NULL, -- Items a concept that y saw.
    made_of_x VARCHAR[] NOT NULL, -- Which they are: ids of datasets.
    made_of_y VARCHAR[] NOT NULL, -- Likewise of y.
    one_scores DOUBLE[] NOT NULL, -- One to one: mutual k-NN for every choice of one item of either side.
    one_to_one DOUBLE NOT NULL, -- Mean of one_scores.
    one_chance DOUBLE NOT NULL, -- k / (n - 1).
    many_to_many DOUBLE NOT NULL, -- Items' k nearest items of other concepts, counted as shared where the other side has one of the same concept.
    many_chance DOUBLE NOT NULL, -- Mean of the same with concepts of one side permuted.
    difference DOUBLE NOT NULL, -- many_to_many less one_to_one, chance taken out of both.
    difference_low DOUBLE NOT NULL, -- Its 95 % interval over concepts, taken as independent.
    difference_high DOUBLE NOT NULL, -- Upper end.
    seed BIGINT NOT NULL, -- Of the curves these stand beside.
    curve_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- size_curves, a row per size: what was measured, then what would follow.
CREATE VIEW size_points AS
SELECT
    model_x, model_y, dataset_id, row_order, metric, fixed, share, layer_x, layer_y, n AS samples,
    unnest(sizes) AS n, unnest(ks) AS k, unnest(scores) AS score, unnest(lows) AS interval_low,
    unnest(highs) AS interval_high, unnest(spreads) AS spread, unnest(subsets) AS subsets,
    unnest(chances) AS chance, false AS is_extrapolated, unit_key
FROM size_curves
UNION ALL
SELECT
    model_x, model_y, dataset_id, row_order, metric, fixed, share, layer_x, layer_y, n,
    unnest(ahead_sizes), k, unnest(ahead_scores), unnest(ahead_lows), unnest(ahead_highs), NULL,
    NULL, NULL, true, unit_key
FROM size_curves;
