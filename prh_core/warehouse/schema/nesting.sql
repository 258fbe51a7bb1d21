-- Version 20. Which of two spaces is nested in the other, and how hubs and density lie in each.

-- One row per feature set and layer: who is whose neighbor how often, and how near neighbors are.
CREATE TABLE hubness (
    unit_key VARCHAR NOT NULL, -- Hash of the feature set and the setting; all its layers share it.
    run_id VARCHAR NOT NULL, -- The run that measured it.
    features VARCHAR NOT NULL, -- Feature set, as in feature_sets.unit_key.
    model_id VARCHAR NOT NULL, -- Whose space.
    dataset_id VARCHAR NOT NULL, -- What the model saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    pooling VARCHAR NOT NULL, -- How tokens became one vector.
    prompt VARCHAR NOT NULL, -- Prompt round the caption.
    k INTEGER NOT NULL, -- Neighbors per sample.
    truncation VARCHAR NOT NULL, -- Outlier truncation: exact, mean or none.
    n INTEGER NOT NULL, -- Samples: all, or 4096 of one random order. Hubness depends on n.
    layer INTEGER NOT NULL, -- Layer, from 0; constant layers have no row.
    layer_name VARCHAR NOT NULL, -- Its name.
    skewness DOUBLE NOT NULL, -- Of the number of lists a sample stands in (Radovanovic et al. 2010).
    gini DOUBLE NOT NULL, -- Of the same number: 0 all alike, near 1 one hub.
    antihubs DOUBLE NOT NULL, -- Share of samples that are nobody's neighbor.
    most INTEGER NOT NULL, -- Lists that the greatest hub stands in.
    nearest DOUBLE NOT NULL, -- Mean cosine similarity to the nearest neighbor.
    farthest DOUBLE NOT NULL, -- Mean cosine similarity to the k-th neighbor.
    dimension DOUBLE, -- Intrinsic dimension by TwoNN (Facco et al. 2017); NULL where it cannot be told.
    version INTEGER NOT NULL, -- Version of the code that measured it.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- One row per pair of feature sets: what neighbors in each tell of the other, at the pair of single
-- layers with the highest mutual k-NN.
CREATE TABLE nesting (
    unit_key VARCHAR NOT NULL, -- Hash of both feature sets and the setting.
    run_id VARCHAR NOT NULL, -- The run that measured it.
    features_x VARCHAR NOT NULL, -- Feature set of side x, as in feature_sets.unit_key.
    features_y VARCHAR NOT NULL, -- Feature set of side y.
    model_x VARCHAR NOT NULL, -- Model of side x.
    model_y VARCHAR NOT NULL, -- Model of side y.
    dataset_id VARCHAR NOT NULL, -- What both models saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    k INTEGER NOT NULL, -- Neighbors per sample.
    truncation VARCHAR NOT NULL, -- Outlier truncation: exact, mean or none.
    n INTEGER NOT NULL, -- Samples compared: all, or 4096 of one random order.
    layer_x INTEGER NOT NULL, -- Layer of x of the best mutual k-NN, from 0.
    layer_y INTEGER NOT NULL, -- Layer of y.
    layer_name_x VARCHAR NOT NULL, -- Its name, side x.
    layer_name_y VARCHAR NOT NULL, -- Its name, side y.
    mutual_knn DOUBLE NOT NULL, -- Mutual k-NN of these two layers.
    out_y_back_x DOUBLE NOT NULL, -- Cycle k-NN out by y's neighbors and back by x's.
    out_x_back_y DOUBLE NOT NULL, -- The other way round.
    cycle_low DOUBLE NOT NULL, -- Lower end of the 95 % interval of out_y_back_x less out_x_back_y.
    cycle_high DOUBLE NOT NULL, -- Upper end.
    cycle_p DOUBLE NOT NULL, -- Two-sided p-value of no difference: hubs alone make one.
    imbalance_xy DOUBLE NOT NULL, -- 2 / n times the mean rank in y of x's neighbors: 0 told, 1 unrelated.
    imbalance_yx DOUBLE NOT NULL, -- The same in x of y's neighbors.
    popular_xy DOUBLE NOT NULL, -- What of imbalance_xy the popularity in y of x's neighbors gives.
    popular_yx DOUBLE NOT NULL, -- The same in x of y's neighbors.
    raw DOUBLE NOT NULL, -- imbalance_yx less imbalance_xy: above 0 where x tells more of y.
    raw_low DOUBLE NOT NULL, -- Lower end of its 95 % interval.
    raw_high DOUBLE NOT NULL, -- Upper end.
    raw_p DOUBLE NOT NULL, -- Two-sided p-value of no difference.
    beyond_hubs DOUBLE NOT NULL, -- The same less what popularity gives: above 0 y is nested in x.
    beyond_low DOUBLE NOT NULL, -- Lower end of its 95 % interval.
    beyond_high DOUBLE NOT NULL, -- Upper end.
    beyond_p DOUBLE NOT NULL, -- Two-sided p-value of no difference.
    version INTEGER NOT NULL, -- Version of the code that measured it.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);
