-- Version 15. What a model scores with itself.

-- One row per feature set, setting and method: what a model scores with itself, seen again
-- (second view) or by halves of its dimensions (split half).
CREATE TABLE self_agreement (
    unit_key VARCHAR NOT NULL, -- Hash of the feature sets, the setting and the method.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    features VARCHAR NOT NULL, -- Feature set, as in feature_sets.unit_key.
    model_id VARCHAR NOT NULL, -- The model.
    dataset_id VARCHAR NOT NULL, -- What the model saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    pooling VARCHAR NOT NULL, -- How tokens became one vector.
    prompt VARCHAR NOT NULL, -- Prompt round the caption.
    metric VARCHAR NOT NULL, -- Registered name, as in metrics.name.
    k INTEGER, -- Neighbors per sample; NULL for metrics without.
    truncation VARCHAR NOT NULL, -- Outlier truncation.
    n INTEGER NOT NULL, -- Samples.
    score DOUBLE NOT NULL, -- Best over pairs of layers, all layers side by side among them (second view); mean of scores (split half).
    scores DOUBLE[], -- Split half: the best layer's score of every split; NULL for a second view.
    method VARCHAR NOT NULL, -- "second view: <which>", or "split half, <splits> splits".
    second VARCHAR, -- Feature set of the second view, as in feature_sets.unit_key; NULL for split half.
    seed BIGINT, -- Of the splits; NULL for a second view.
    score_version INTEGER NOT NULL, -- Version of the scoring code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- self_agreement with the precision of its feature sets, as in current_scores.
CREATE VIEW self_agreement_precision AS
SELECT
    s.*,
    CASE
        WHEN s.second IS NOT NULL AND x.precision IS DISTINCT FROM y.precision
            THEN coalesce(x.precision, 'unknown') || ' with ' || coalesce(y.precision, 'unknown')
        ELSE x.precision
    END AS precision
FROM self_agreement AS s
LEFT JOIN feature_precision AS x ON x.unit_key = s.features
LEFT JOIN feature_precision AS y ON y.unit_key = s.second;

-- Noise ceilings: what a model scores with itself, shown a second view of the same samples.
-- Bounds the expected agreement with a model that has the same signal and as much noise; with a
-- model of less noise it can agree more.
CREATE VIEW noise_ceilings AS
SELECT * EXCLUDE (scores, seed) FROM self_agreement_precision WHERE starts_with(method, 'second view: ');

-- Agreement of two random halves of a layer's dimensions, best layer, mean over splits: how
-- redundantly dimensions carry the representation. No ceiling: a model rotated scores 1 with
-- itself whatever its halves score.
CREATE VIEW split_half_agreement AS
SELECT * EXCLUDE (second) FROM self_agreement_precision WHERE starts_with(method, 'split half, ');
