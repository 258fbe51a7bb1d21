-- Caption sets: the same images, with captions that say more or less (paper, Fig. 9).

CREATE TABLE caption_sets (
    unit_key VARCHAR PRIMARY KEY, run_id VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL,
    base_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL, name VARCHAR NOT NULL,
    title VARCHAR NOT NULL, kind VARCHAR NOT NULL, amount DOUBLE, parent VARCHAR,
    control BOOLEAN NOT NULL, pictures BOOLEAN NOT NULL, n INTEGER NOT NULL, words DOUBLE NOT NULL,
    words_spread DOUBLE NOT NULL, characters DOUBLE NOT NULL, distinct_captions INTEGER NOT NULL,
    caption_hash VARCHAR NOT NULL, writer VARCHAR, instructions VARCHAR, retried INTEGER,
    off_length INTEGER, bits_text VARCHAR NOT NULL, set_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE caption_sets IS 'Variants of a dataset: the same images in the same order, with other captions, or with pictures that show less.';
COMMENT ON COLUMN caption_sets.unit_key IS 'Hash of the set''s captions or pictures.';
COMMENT ON COLUMN caption_sets.run_id IS 'The run that made it.';
COMMENT ON COLUMN caption_sets.dataset_id IS 'Id of the variant, in scores and samples.';
COMMENT ON COLUMN caption_sets.base_id IS 'The dataset it is a variant of.';
COMMENT ON COLUMN caption_sets.row_order IS 'Hash of the images'' ids in order, the same for all variants.';
COMMENT ON COLUMN caption_sets.name IS 'As `prh captions` is asked for it: joined:3, first:5@joined:5.';
COMMENT ON COLUMN caption_sets.title IS 'The same for readers.';
COMMENT ON COLUMN caption_sets.kind IS 'own, joined, column, summary: captions that say more or less; first, shuffled, mixed: controls; pixels, blur, gray: pictures.';
COMMENT ON COLUMN caption_sets.amount IS 'Its number: captions, words, pixels; NULL without.';
COMMENT ON COLUMN caption_sets.parent IS 'The set it was made of; NULL without.';
COMMENT ON COLUMN caption_sets.control IS 'Whether it separates length or order from what is said.';
COMMENT ON COLUMN caption_sets.pictures IS 'Whether pictures are changed, not captions.';
COMMENT ON COLUMN caption_sets.n IS 'Images.';
COMMENT ON COLUMN caption_sets.words IS 'Words a caption, mean.';
COMMENT ON COLUMN caption_sets.words_spread IS 'Words a caption, standard deviation.';
COMMENT ON COLUMN caption_sets.characters IS 'Characters a caption, mean.';
COMMENT ON COLUMN caption_sets.distinct_captions IS 'Different captions: fewer than n where images share one.';
COMMENT ON COLUMN caption_sets.caption_hash IS 'Hash of the captions in order.';
COMMENT ON COLUMN caption_sets.writer IS 'Language model that wrote them; NULL where none did.';
COMMENT ON COLUMN caption_sets.instructions IS 'What it was told.';
COMMENT ON COLUMN caption_sets.retried IS 'Captions asked for twice, since the first was off by more than 30 %.';
COMMENT ON COLUMN caption_sets.off_length IS 'Captions that stayed off by more than 30 %.';
COMMENT ON COLUMN caption_sets.bits_text IS 'Name of its captions in bits_per_byte.';
COMMENT ON COLUMN caption_sets.set_version IS 'Version of the code.';
COMMENT ON COLUMN caption_sets.finished_at IS 'When.';

CREATE TABLE caption_differences (
    unit_key VARCHAR NOT NULL, run_id VARCHAR NOT NULL, base_id VARCHAR NOT NULL,
    row_order VARCHAR NOT NULL, n INTEGER NOT NULL, metric VARCHAR NOT NULL, k INTEGER,
    truncation VARCHAR NOT NULL, from_id VARCHAR NOT NULL, to_id VARCHAR NOT NULL,
    vision_model VARCHAR, language_models INTEGER NOT NULL, vision_models INTEGER NOT NULL,
    score_from DOUBLE NOT NULL, score_to DOUBLE NOT NULL, difference DOUBLE NOT NULL,
    interval_low DOUBLE NOT NULL, interval_high DOUBLE NOT NULL, interval_level DOUBLE NOT NULL,
    set_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE caption_differences IS 'What a caption set scores beyond another of the same images: a paired difference, mean over trained language models, with its interval.';
COMMENT ON COLUMN caption_differences.unit_key IS 'Hash of the scores compared; rows of a unit differ in their vision model.';
COMMENT ON COLUMN caption_differences.run_id IS 'The run that computed it.';
COMMENT ON COLUMN caption_differences.base_id IS 'The dataset both are variants of.';
COMMENT ON COLUMN caption_differences.row_order IS 'Hash of the images'' ids in order.';
COMMENT ON COLUMN caption_differences.n IS 'Images.';
COMMENT ON COLUMN caption_differences.metric IS 'Of the alignment.';
COMMENT ON COLUMN caption_differences.k IS 'Its neighbors.';
COMMENT ON COLUMN caption_differences.truncation IS 'Outlier truncation of the features.';
COMMENT ON COLUMN caption_differences.from_id IS 'The set compared with.';
COMMENT ON COLUMN caption_differences.to_id IS 'The set compared.';
COMMENT ON COLUMN caption_differences.vision_model IS 'The vision model; NULL for the mean over trained ones.';
COMMENT ON COLUMN caption_differences.language_models IS 'Trained language models averaged over.';
COMMENT ON COLUMN caption_differences.vision_models IS 'Vision models averaged over.';
COMMENT ON COLUMN caption_differences.score_from IS 'Mean best score of the one.';
COMMENT ON COLUMN caption_differences.score_to IS 'Of the other.';
COMMENT ON COLUMN caption_differences.difference IS 'score_to - score_from.';
COMMENT ON COLUMN caption_differences.interval_low IS 'Its interval: the same images, best layers and neighbors held fixed, robust to pairs that share images.';
COMMENT ON COLUMN caption_differences.interval_high IS 'The same.';
COMMENT ON COLUMN caption_differences.interval_level IS 'Its confidence level.';
COMMENT ON COLUMN caption_differences.set_version IS 'Version of the code.';
COMMENT ON COLUMN caption_differences.finished_at IS 'When.';

CREATE TABLE caption_summaries (
    unit_key VARCHAR PRIMARY KEY, run_id VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
    revision VARCHAR NOT NULL, instructions VARCHAR NOT NULL, words_asked INTEGER NOT NULL,
    caption VARCHAR NOT NULL, summary VARCHAR NOT NULL, words INTEGER NOT NULL,
    retried BOOLEAN NOT NULL, summary_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE caption_summaries IS 'Captions rewritten in about N words by a language model, the likeliest token at every step (paper, App. E).';
COMMENT ON COLUMN caption_summaries.unit_key IS 'Hash of caption, N, model and instructions.';
COMMENT ON COLUMN caption_summaries.run_id IS 'The run that wrote it.';
COMMENT ON COLUMN caption_summaries.model_id IS 'The writer.';
COMMENT ON COLUMN caption_summaries.revision IS 'What was loaded of it.';
COMMENT ON COLUMN caption_summaries.instructions IS 'What it was told.';
COMMENT ON COLUMN caption_summaries.words_asked IS 'N.';
COMMENT ON COLUMN caption_summaries.caption IS 'What it shortened.';
COMMENT ON COLUMN caption_summaries.summary IS 'What it wrote.';
COMMENT ON COLUMN caption_summaries.words IS 'Words of it.';
COMMENT ON COLUMN caption_summaries.retried IS 'Whether it was asked twice, since the first was off by more than 30 %.';
COMMENT ON COLUMN caption_summaries.summary_version IS 'Version of the code.';
COMMENT ON COLUMN caption_summaries.finished_at IS 'When.';
