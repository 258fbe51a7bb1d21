-- Version 18. Features of several captions or pictures an item, averaged, and how alignment grows.

-- One row per pair of models, setting, and number of captions and of pictures an item whose
-- features are averaged: the best score over pairs of layers, as in scores. Raw features are
-- averaged; truncation and l2 normalization follow. At one and one it is the score in scores.
CREATE TABLE averaged_scores (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the score.
    run_id VARCHAR NOT NULL, -- The run that made it.
    base_id VARCHAR NOT NULL, -- The dataset whose items have several captions or pictures.
    row_order VARCHAR NOT NULL, -- Order and identity of the items.
    n INTEGER NOT NULL, -- Items.
    model_x VARCHAR NOT NULL, -- Language model.
    model_y VARCHAR NOT NULL, -- Vision model.
    samples_x INTEGER NOT NULL, -- Captions an item averaged.
    samples_y INTEGER NOT NULL, -- Pictures an item averaged.
    made_of_x VARCHAR[] NOT NULL, -- Which captions, as `prh captions` names sets; own: those of the dataset.
    made_of_y VARCHAR[] NOT NULL, -- Which pictures; own: as they are.
    features_x VARCHAR NOT NULL, -- Key of the mean; of one caption an item that of the feature set.
    features_y VARCHAR NOT NULL, -- Likewise of pictures.
    pooling_x VARCHAR NOT NULL, -- How tokens of x became one vector.
    prompt_x VARCHAR NOT NULL, -- Prompt round the caption.
    pooling_y VARCHAR NOT NULL, -- How patches of y became one vector.
    prompt_y VARCHAR NOT NULL, -- none.
    precision VARCHAR NOT NULL, -- In which the networks computed, and their features are stored.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    sigma DOUBLE, -- Bandwidth asked for; NULL for metrics without one and for a metric's own default.
    truncation VARCHAR NOT NULL, -- Outlier truncation of the means: exact, mean or none.
    permutations INTEGER, -- Relabeled tables the score was calibrated against.
    seed BIGINT, -- Seed of the permutations and of the interval's resampling.
    score DOUBLE NOT NULL, -- Best over all pairs of layers and the concatenated-layers candidate.
    layer_x VARCHAR, -- Layer of x there; NULL for all layers concatenated.
    layer_y VARCHAR, -- Layer of y there, likewise.
    null_mean DOUBLE, -- Expected score of one pair of unrelated layers.
    null_best_mean DOUBLE, -- Mean best score of relabeled layer tables.
    null_threshold DOUBLE, -- What the best of a relabeled table stays within, 95 times in 100.
    p_value DOUBLE, -- Permutation p-value of the best over layers; NULL without permutations.
    calibrated DOUBLE, -- As in scores.
    interval_low DOUBLE, -- Confidence interval of the expected score, the choice of the best pair of layers undone.
    interval_high DOUBLE, -- The same.
    interval_level DOUBLE, -- Its level.
    interval_method VARCHAR, -- How it was made.
    selection_free DOUBLE, -- As in scores.
    score_version INTEGER NOT NULL, -- Version of the scoring code.
    average_version INTEGER NOT NULL, -- Version of the averaging code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- Laws of saturation fitted to averaged_scores: score = limit_score - coefficient_x *
-- samples_x ^ -exponent_x - coefficient_y * samples_y ^ -exponent_y (Zhu et al. 2026,
-- arXiv 2511.02767). Of a side that is held its term is part of the limit.
CREATE TABLE saturation_laws (
    unit_key VARCHAR NOT NULL, -- Hash of the scores; rows of a unit differ in models, side and count held.
    run_id VARCHAR NOT NULL, -- The run that fitted it.
    base_id VARCHAR NOT NULL, -- The dataset.
    row_order VARCHAR NOT NULL, -- Order and identity of the items.
    n INTEGER NOT NULL, -- Items.
    metric VARCHAR NOT NULL, -- Of the scores.
    k INTEGER, -- Its neighbors.
    truncation VARCHAR NOT NULL, -- Of the means.
    precision VARCHAR NOT NULL, -- Of the features.
    made_of_x VARCHAR[] NOT NULL, -- Captions averaged, all of them, in order.
    made_of_y VARCHAR[] NOT NULL, -- Pictures averaged, likewise.
    model_x VARCHAR, -- Language model; NULL for the mean score over pairs of trained models.
    model_y VARCHAR, -- Vision model, likewise.
    models_x INTEGER NOT NULL, -- Language models averaged over.
    models_y INTEGER NOT NULL, -- Vision models averaged over.
    along VARCHAR NOT NULL, -- x: over captions, y: over pictures, both.
    held INTEGER, -- Number of the other side's; NULL for both.
    score_first DOUBLE NOT NULL, -- Score at the smallest counts.
    score_last DOUBLE NOT NULL, -- Score at the largest.
    limit_score DOUBLE NOT NULL, -- Score of endlessly many, by the law.
    limit_low DOUBLE, -- Its 95 % profile interval, of the law's misfit alone; NULL without degrees of freedom.
    limit_high DOUBLE, -- The same; NULL where no end is seen.
    coefficient_x DOUBLE, -- What one caption an item lacks; NULL where captions are held.
    exponent_x DOUBLE, -- How fast it is made up for; NULL likewise.
    coefficient_y DOUBLE, -- What one picture lacks; NULL where pictures are held.
    exponent_y DOUBLE, -- NULL likewise.
    r_squared DOUBLE NOT NULL, -- Share of the scores' variance that the law takes up.
    points INTEGER NOT NULL, -- Scores fitted.
    free INTEGER NOT NULL, -- Degrees of freedom: points less parameters.
    held_out_error DOUBLE, -- Root mean square error of predicting the largest counts from the others; NULL where these are too few.
    held_out_last DOUBLE, -- Of predicting that nothing grows beyond the others.
    determined BOOLEAN NOT NULL, -- Whether every term rises to an end that the counts show.
    verdict VARCHAR NOT NULL, -- holds, does not hold, or inconclusive: fewer than 5 degrees of freedom, or no end seen.
    law_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- averaged_scores of the newest code, with labels: of a score computed twice one row.
CREATE VIEW averaged_alignment AS
SELECT
    a.* EXCLUDE (unit_key),
    x.label AS label_x, x.family AS family_x, x.trained AS trained_x,
    y.label AS label_y, y.family AS family_y, y.trained AS trained_y,
    coalesce(d.title, a.base_id) AS dataset
FROM averaged_scores AS a
JOIN models AS x ON x.model_id = a.model_x
JOIN models AS y ON y.model_id = a.model_y
LEFT JOIN datasets AS d ON d.dataset_id = a.base_id AND d.row_order = a.row_order
QUALIFY row_number() OVER (
    PARTITION BY a.base_id, a.row_order, a.model_x, a.model_y, a.made_of_x, a.made_of_y, a.pooling_x,
                 a.prompt_x, a.pooling_y, a.precision, a.metric, a.k, a.sigma, a.truncation
    ORDER BY a.score_version DESC, a.average_version DESC, coalesce(a.permutations, 0) DESC,
             a.finished_at DESC, a.unit_key
) = 1;
