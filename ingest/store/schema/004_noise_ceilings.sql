-- What a model scores with itself, seen again: the most another model can be expected to reach.

CREATE TABLE noise_ceilings (
    unit_key VARCHAR PRIMARY KEY, run_id VARCHAR NOT NULL, features VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL,
    pooling VARCHAR NOT NULL, prompt VARCHAR NOT NULL, metric VARCHAR NOT NULL, k INTEGER,
    truncation VARCHAR NOT NULL, n INTEGER NOT NULL, score DOUBLE NOT NULL,
    scores DOUBLE[] NOT NULL, method VARCHAR NOT NULL, seed BIGINT NOT NULL,
    score_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE noise_ceilings IS 'One row per feature set and setting: alignment of two random halves of a layer''s dimensions, best layer, mean over splits.';
COMMENT ON COLUMN noise_ceilings.unit_key IS 'Hash of the feature set and setting.';
COMMENT ON COLUMN noise_ceilings.run_id IS 'The run that computed it.';
COMMENT ON COLUMN noise_ceilings.features IS 'Feature set, as in feature_sets.unit_key.';
COMMENT ON COLUMN noise_ceilings.model_id IS 'The model.';
COMMENT ON COLUMN noise_ceilings.dataset_id IS 'What the model saw.';
COMMENT ON COLUMN noise_ceilings.row_order IS 'Order and identity of the samples.';
COMMENT ON COLUMN noise_ceilings.pooling IS 'How tokens became one vector.';
COMMENT ON COLUMN noise_ceilings.prompt IS 'Prompt round the caption.';
COMMENT ON COLUMN noise_ceilings.metric IS 'Registered name, as in metrics.name.';
COMMENT ON COLUMN noise_ceilings.k IS 'Neighbors per sample; NULL for metrics without.';
COMMENT ON COLUMN noise_ceilings.truncation IS 'Outlier truncation.';
COMMENT ON COLUMN noise_ceilings.n IS 'Samples.';
COMMENT ON COLUMN noise_ceilings.score IS 'The ceiling: mean of scores.';
COMMENT ON COLUMN noise_ceilings.scores IS 'Best layer''s score of every split.';
COMMENT ON COLUMN noise_ceilings.method IS 'How the model was seen again.';
COMMENT ON COLUMN noise_ceilings.seed IS 'Of the splits.';
COMMENT ON COLUMN noise_ceilings.score_version IS 'Version of the scoring code.';
COMMENT ON COLUMN noise_ceilings.finished_at IS 'When.';
