-- Version 17. What figures and readers ask of scores: derived from the other tables at publishing.

-- Alignment of two models, newest scores, best layers named; a row for each order of two models of
-- one modality, else language first and vision last. Derived from scores and imported_scores at
-- publishing.
CREATE TABLE alignment (
    modality_x VARCHAR NOT NULL, -- Of the first model: language, vision or any other name.
    modality_y VARCHAR NOT NULL, -- Of the second.
    score DOUBLE NOT NULL, -- Best of the layer table, all layers side by side among its candidates.
    chance DOUBLE, -- Expected score of one pair of unrelated layers (mutual k-NN: k / (n - 1)).
    calibrated DOUBLE, -- score beyond null_threshold as a share of the way to the closest attainable.
    p_value DOUBLE, -- Permutation p-value of score against the best of relabeled layer tables.
    null_threshold DOUBLE, -- Best score that relabeled tables exceed in 5 % of cases.
    null_best_mean DOUBLE, -- Mean best score of relabeled layer tables.
    interval_low DOUBLE, -- Lower end of the interval of the expected score of the best pair of layers.
    interval_high DOUBLE, -- Upper end of that interval.
    interval_level DOUBLE, -- Level of that interval, e.g. 0.95.
    interval_method VARCHAR, -- How the interval was made.
    selection_free DOUBLE, -- What score would be had its pair of layers not been chosen by the same samples.
    tied_x DOUBLE, -- Share of the first model's neighbors that row order alone chose.
    tied_y DOUBLE, -- The same of the second.
    permutations INTEGER, -- Relabeled tables the score was calibrated against; NULL or 0: none.
    seed BIGINT, -- Seed of the permutations and of the interval's resampling.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    metric_label VARCHAR NOT NULL, -- Its name used in charts.
    higher_is_closer BOOLEAN NOT NULL, -- False where a score is a distance.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    sigma DOUBLE, -- Bandwidth asked for; NULL for metrics without one and for a metric's own default.
    n INTEGER NOT NULL, -- Samples compared. Mutual k-NN falls as n grows: never compare across n.
    truncation VARCHAR NOT NULL, -- Outlier truncation: exact, mean or none.
    normalized BOOLEAN NOT NULL, -- Whether rows were l2-normalized.
    precision VARCHAR, -- In which both networks computed; NULL where nobody says.
    pooling VARCHAR NOT NULL, -- How a caption's tokens became one vector; own where neither model reads captions.
    prompt VARCHAR NOT NULL, -- Name of the prompt round the caption; none.
    pooling_x VARCHAR NOT NULL, -- How a sample became one vector in the first model.
    pooling_y VARCHAR NOT NULL, -- The same in the second.
    model_x VARCHAR NOT NULL, -- Catalog id of the first model.
    label_x VARCHAR NOT NULL, -- Its name used in charts.
    family_x VARCHAR NOT NULL, -- Its family.
    parameters_x BIGINT, -- Its number of parameters.
    trained_x BOOLEAN NOT NULL, -- False for a randomly initialized control.
    model_y VARCHAR NOT NULL, -- Catalog id of the second model.
    label_y VARCHAR NOT NULL, -- Its name used in charts.
    family_y VARCHAR NOT NULL, -- Its family.
    parameters_y BIGINT, -- Its number of parameters.
    trained_y BOOLEAN NOT NULL, -- False for a randomly initialized control.
    layer_x VARCHAR, -- Name of the first model's layer of score; NULL where nobody says.
    layer_y VARCHAR, -- Name of the second model's layer of score.
    layer_index_x INTEGER, -- Its place, from 0.
    layer_index_y INTEGER, -- Its place, from 0.
    single_layer_score DOUBLE NOT NULL, -- Best over pairs of single layers only, as in the released code.
    single_layer_x VARCHAR, -- Name of the first model's layer of that.
    single_layer_y VARCHAR, -- Name of the second model's layer of that.
    layered BOOLEAN NOT NULL, -- Whether the layer table is here, in layer_scores.
    swapped BOOLEAN NOT NULL, -- Whether the models stand the other way round in scores and layer_scores.
    dataset_id VARCHAR NOT NULL, -- What both models saw.
    dataset VARCHAR NOT NULL, -- Its title.
    row_order VARCHAR NOT NULL, -- Row order of the samples: compare scores only where it is equal.
    run_id VARCHAR NOT NULL, -- The run that made it.
    unit_key VARCHAR NOT NULL, -- Names the score, as in scores or imported_scores.
    finished_at TIMESTAMPTZ NOT NULL, -- When it was stored.
    q_value DOUBLE -- p_value corrected for the pairs of models of the same setting (Benjamini and Hochberg).
);

-- alignment of every language model with every vision model (paper, Fig. 3, y axis).
CREATE VIEW language_vision_alignment AS
SELECT
    score, chance, calibrated, p_value, null_threshold, null_best_mean, interval_low,
    interval_high, interval_level, interval_method, selection_free, tied_x AS language_tied,
    tied_y AS vision_tied, permutations, seed, metric, metric_label, higher_is_closer, k, sigma,
    n, truncation, normalized, precision, pooling, pooling_y, prompt,
    model_x AS language_model, label_x AS language_label, family_x AS language_family,
    parameters_x AS language_parameters, trained_x AS language_trained,
    model_y AS vision_model, label_y AS vision_label, family_y AS vision_family,
    parameters_y AS vision_parameters, trained_y AS vision_trained,
    layer_x AS language_layer, layer_y AS vision_layer, layer_index_x AS language_layer_index,
    layer_index_y AS vision_layer_index, single_layer_score,
    single_layer_x AS single_language_layer, single_layer_y AS single_vision_layer, layered,
    dataset_id, dataset, row_order, run_id, unit_key, finished_at, q_value
FROM alignment
WHERE modality_x = 'language' AND modality_y = 'vision';

-- Alignment of models of one modality with each other, a row per unordered pair; a metric that
-- is not symmetric counts with the mean of both directions. Derived from scores at publishing.
CREATE TABLE alignment_within_modality (
    modality VARCHAR NOT NULL, -- Of both models: language, vision or any other name.
    dataset_id VARCHAR NOT NULL, -- What both models saw.
    dataset VARCHAR NOT NULL, -- Its title.
    row_order VARCHAR NOT NULL, -- Row order of the samples: compare scores only where it is equal.
    n INTEGER NOT NULL, -- Samples compared. Mutual k-NN falls as n grows: never compare across n.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    metric_label VARCHAR NOT NULL, -- Its name used in charts.
    higher_is_closer BOOLEAN NOT NULL, -- False where a score is a distance.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    sigma DOUBLE, -- Bandwidth asked for; NULL for metrics without one and for a metric's own default.
    truncation VARCHAR NOT NULL, -- Outlier truncation: exact, mean or none.
    normalized BOOLEAN NOT NULL, -- Whether rows were l2-normalized.
    precision VARCHAR, -- In which both networks computed; NULL where nobody says.
    pooling VARCHAR NOT NULL, -- How a caption's tokens became one vector; own for models that read no captions, each its own.
    prompt VARCHAR NOT NULL, -- Name of the prompt round the caption; none.
    model_a VARCHAR NOT NULL, -- Catalog id of the model that comes first in the alphabet.
    label_a VARCHAR NOT NULL, -- Its name used in charts.
    family_a VARCHAR NOT NULL, -- Its family.
    objective_a VARCHAR NOT NULL, -- What it was trained to do.
    trained_a BOOLEAN NOT NULL, -- False for a randomly initialized control.
    model_b VARCHAR NOT NULL, -- Catalog id of the other model.
    label_b VARCHAR NOT NULL, -- Its name used in charts.
    family_b VARCHAR NOT NULL, -- Its family.
    objective_b VARCHAR NOT NULL, -- What it was trained to do.
    trained_b BOOLEAN NOT NULL, -- False for a randomly initialized control.
    score DOUBLE NOT NULL, -- Best of the layer table; mean of both directions.
    single_layer_score DOUBLE NOT NULL, -- Best over pairs of single layers only; mean of both directions.
    calibrated DOUBLE, -- score beyond null_threshold as a share of the way to the closest attainable.
    chance DOUBLE, -- Expected score of one pair of unrelated layers.
    p_value DOUBLE, -- Permutation p-value of score; the larger of both directions.
    null_best_mean DOUBLE, -- Mean best score of relabeled layer tables.
    null_threshold DOUBLE, -- Best score that relabeled tables exceed in 5 % of cases.
    permutations INTEGER NOT NULL, -- Relabeled tables the score was calibrated against; 0: none.
    directions BIGINT NOT NULL, -- Scores averaged: 2 where a metric that is not symmetric was scored both ways.
    runs VARCHAR NOT NULL, -- Ids of the runs that made them, comma-separated.
    finished_at TIMESTAMPTZ NOT NULL, -- When the last was stored.
    q_value DOUBLE -- p_value corrected for the pairs of the same setting (Benjamini and Hochberg).
);

-- alignment_within_modality of vision models (paper, Fig. 2, left).
CREATE VIEW vision_alignment AS
SELECT * EXCLUDE (modality, pooling, prompt)
FROM alignment_within_modality
WHERE modality = 'vision';
