-- What a model scores with itself: a noise ceiling needs a second view of the samples, and halves
-- of a layer's dimensions are none.

CREATE TABLE self_agreement (
    unit_key VARCHAR NOT NULL, run_id VARCHAR NOT NULL, features VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL,
    pooling VARCHAR NOT NULL, prompt VARCHAR NOT NULL, metric VARCHAR NOT NULL, k INTEGER,
    truncation VARCHAR NOT NULL, n INTEGER NOT NULL, score DOUBLE NOT NULL, scores DOUBLE[],
    method VARCHAR NOT NULL, second VARCHAR, seed BIGINT, score_version INTEGER NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE self_agreement IS 'One row per feature set, setting and method: what a model scores with itself, seen again (second view) or by halves of its dimensions (split half).';
COMMENT ON COLUMN self_agreement.unit_key IS 'Hash of the feature sets, the setting and the method.';
COMMENT ON COLUMN self_agreement.run_id IS 'The run that computed it.';
COMMENT ON COLUMN self_agreement.features IS 'Feature set, as in feature_sets.unit_key.';
COMMENT ON COLUMN self_agreement.model_id IS 'The model.';
COMMENT ON COLUMN self_agreement.dataset_id IS 'What the model saw.';
COMMENT ON COLUMN self_agreement.row_order IS 'Order and identity of the samples.';
COMMENT ON COLUMN self_agreement.pooling IS 'How tokens became one vector.';
COMMENT ON COLUMN self_agreement.prompt IS 'Prompt round the caption.';
COMMENT ON COLUMN self_agreement.metric IS 'Registered name, as in metrics.name.';
COMMENT ON COLUMN self_agreement.k IS 'Neighbours per sample; NULL for metrics without.';
COMMENT ON COLUMN self_agreement.truncation IS 'Outlier truncation.';
COMMENT ON COLUMN self_agreement.n IS 'Samples.';
COMMENT ON COLUMN self_agreement.score IS 'Best over pairs of layers, all layers side by side among them (second view); mean of scores (split half).';
COMMENT ON COLUMN self_agreement.scores IS 'Split half: the best layer''s score of every split; NULL for a second view.';
COMMENT ON COLUMN self_agreement.method IS '"second view: <which>", or "split half, <splits> splits".';
COMMENT ON COLUMN self_agreement.second IS 'Feature set of the second view, as in feature_sets.unit_key; NULL for split half.';
COMMENT ON COLUMN self_agreement.seed IS 'Of the splits; NULL for a second view.';
COMMENT ON COLUMN self_agreement.score_version IS 'Version of the scoring code.';
COMMENT ON COLUMN self_agreement.finished_at IS 'When.';

-- Nothing is lost: what was called a ceiling stays under its own name.
INSERT INTO self_agreement BY NAME SELECT * FROM noise_ceilings;
DROP TABLE noise_ceilings;

CREATE VIEW noise_ceilings AS
SELECT * EXCLUDE (scores, seed) FROM self_agreement WHERE starts_with(method, 'second view: ');
COMMENT ON VIEW noise_ceilings IS 'Noise ceilings: what a model scores with itself, shown a second view of the same samples. Bounds the expected agreement with a model that has the same signal and as much noise; with a model of less noise it can agree more.';

CREATE VIEW split_half_agreement AS
SELECT * EXCLUDE (second) FROM self_agreement WHERE starts_with(method, 'split half, ');
COMMENT ON VIEW split_half_agreement IS 'Agreement of two random halves of a layer''s dimensions, best layer, mean over splits: how redundantly dimensions carry the representation. No ceiling: a model rotated scores 1 with itself whatever its halves score.';

COMMENT ON COLUMN caption_sets.kind IS 'own, joined, column, summary: captions that say more or less; first, shuffled, mixed: controls; caption: another person''s caption of each image; pixels, blur, grey, mirror, crop: pictures.';
COMMENT ON COLUMN caption_sets.control IS 'Whether it separates length, order or wording from what is said.';
COMMENT ON TABLE caption_sets IS 'Variants of a dataset: the same images in the same order, with other captions, or with changed pictures.';
