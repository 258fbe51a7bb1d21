-- Version 19. What scores are held against: nulls drawn for stored scores, and simulated ones.

-- One row per stored score and null: the best of the whole layer table in every draw of the null.
CREATE TABLE null_scores (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the draws.
    run_id VARCHAR NOT NULL, -- The run that drew.
    score_key VARCHAR NOT NULL, -- The score that is held against it, as in scores.unit_key.
    null_kind VARCHAR NOT NULL, -- relabeled, within-class, within-cluster, spectrum or untrained.
    null_label VARCHAR NOT NULL, -- Its name used in charts.
    holds VARCHAR NOT NULL, -- What every draw holds fixed.
    drawn_from VARCHAR NOT NULL, -- Of what it was drawn: how many classes or clusters, which untrained networks; empty where nothing is to say.
    dataset_id VARCHAR NOT NULL, -- What both models saw.
    model_x VARCHAR NOT NULL, -- First model, as in scores.
    model_y VARCHAR NOT NULL, -- Second model, whose samples are drawn.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    score DOUBLE NOT NULL, -- The score, best over pairs of layers.
    draws DOUBLE[] NOT NULL, -- Best of the layer table in every draw, in order.
    seed BIGINT, -- Of the drawing; NULL for untrained networks, of which nothing is drawn.
    movable DOUBLE, -- Share of the samples that a draw can move: those in a class or cluster with others; NULL for other nulls.
    null_best_mean DOUBLE NOT NULL, -- Mean of draws.
    null_threshold DOUBLE, -- Best score that draws exceed in 5 % of cases; NULL with fewer than 19 draws, of which nothing is beyond it.
    p_value DOUBLE NOT NULL, -- (1 + draws as close or closer) / (1 + draws).
    calibrated DOUBLE, -- score beyond null_threshold as a share of the way to the closest attainable; NULL where no attainable score is the closest, and without a threshold.
    null_version INTEGER NOT NULL, -- Version of the drawing code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- null_scores with the models and setting of their score: the newest draws of each null, a row per
-- pair of models. Ask it for one null at a time, as each asks another question.
CREATE VIEW null_tests AS
SELECT
    t.null_kind, t.null_label, t.holds, t.drawn_from, t.draws, len(t.draws) AS drawn, t.movable,
    t.null_best_mean, t.null_threshold, t.p_value, t.calibrated, t.seed AS null_seed,
    t.run_id AS null_run, t.finished_at AS drawn_at,
    a.* EXCLUDE (calibrated, p_value, null_threshold, null_best_mean, q_value, seed, permutations)
FROM null_scores AS t
JOIN alignment AS a ON a.unit_key = t.score_key
WHERE a.modality_x <> a.modality_y OR NOT a.swapped
QUALIFY row_number() OVER (
    PARTITION BY t.score_key, t.null_kind, a.swapped
    ORDER BY t.null_version DESC, t.finished_at DESC, len(t.draws) DESC, t.unit_key
) = 1;

-- One row per metric, width and number of layers: best scores of two models of unrelated Gaussian
-- features.
CREATE TABLE simulated_nulls (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the scores.
    run_id VARCHAR NOT NULL, -- The run that simulated.
    source VARCHAR NOT NULL, -- simulated.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    n INTEGER NOT NULL, -- Samples.
    width INTEGER NOT NULL, -- Dimensions d of every layer of both models.
    layers INTEGER NOT NULL, -- Layers of either model, all of them unrelated.
    scores DOUBLE[] NOT NULL, -- Best of the layer table, a number per pair of models drawn.
    score_mean DOUBLE NOT NULL, -- Mean of scores.
    score_low DOUBLE NOT NULL, -- Smallest of scores.
    score_high DOUBLE NOT NULL, -- Largest of scores.
    seed BIGINT NOT NULL, -- Of the drawing.
    null_version INTEGER NOT NULL, -- Version of the simulation.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);
