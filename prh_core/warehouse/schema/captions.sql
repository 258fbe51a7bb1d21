-- Version 15. Caption sets, what they score, and what one scores beyond another (paper, Fig. 9).

-- What a caption set scores beyond another of the same images: a paired difference, mean over
-- trained language models, with its interval.
CREATE TABLE caption_differences (
    unit_key VARCHAR NOT NULL, -- Hash of the scores compared; rows of a unit differ in their vision model.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    base_id VARCHAR NOT NULL, -- The dataset both are variants of.
    row_order VARCHAR NOT NULL, -- Hash of the images' ids in order.
    n INTEGER NOT NULL, -- Images.
    metric VARCHAR NOT NULL, -- Of the alignment.
    k INTEGER, -- Its neighbors.
    truncation VARCHAR NOT NULL, -- Outlier truncation of the features.
    from_id VARCHAR NOT NULL, -- The set compared with.
    to_id VARCHAR NOT NULL, -- The set compared.
    vision_model VARCHAR, -- The vision model; NULL for the mean over trained ones.
    language_models INTEGER NOT NULL, -- Trained language models averaged over.
    vision_models INTEGER NOT NULL, -- Vision models averaged over.
    score_from DOUBLE NOT NULL, -- Mean best score of the one.
    score_to DOUBLE NOT NULL, -- Of the other.
    difference DOUBLE NOT NULL, -- score_to - score_from.
    interval_low DOUBLE NOT NULL, -- Its interval: the same images, best layers and neighbors held fixed, robust to pairs that share images.
    interval_high DOUBLE NOT NULL, -- The same.
    interval_level DOUBLE NOT NULL, -- Its confidence level.
    set_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL, -- When.
    precision VARCHAR -- In which the networks computed; NULL in rows that are older than this column.
);

-- Variants of a dataset: the same images in the same order, with other captions, or with
-- changed pictures.
CREATE TABLE caption_sets (
    unit_key VARCHAR PRIMARY KEY, -- Hash of the set's captions or pictures.
    run_id VARCHAR NOT NULL, -- The run that made it.
    dataset_id VARCHAR NOT NULL, -- Id of the variant, in scores and samples.
    base_id VARCHAR NOT NULL, -- The dataset it is a variant of.
    row_order VARCHAR NOT NULL, -- Hash of the images' ids in order, the same for all variants.
    name VARCHAR NOT NULL, -- As `prh captions` is asked for it: joined:3, first:5@joined:5.
    title VARCHAR NOT NULL, -- The same for readers.
    kind VARCHAR NOT NULL, -- own, joined, column, summary: captions that say more or less; first, shuffled, mixed: controls; caption: another person's caption of each image; pixels, blur, gray, mirror, crop, frame: pictures.
    amount DOUBLE, -- Its number: captions, words, pixels; NULL without.
    parent VARCHAR, -- The set it was made of; NULL without.
    control BOOLEAN NOT NULL, -- Whether it separates length, order or wording from what is said.
    pictures BOOLEAN NOT NULL, -- Whether pictures are changed, not captions.
    n INTEGER NOT NULL, -- Images.
    words DOUBLE NOT NULL, -- Words a caption, mean.
    words_spread DOUBLE NOT NULL, -- Words a caption, standard deviation.
    characters DOUBLE NOT NULL, -- Characters a caption, mean.
    distinct_captions INTEGER NOT NULL, -- Different captions: fewer than n where images share one.
    caption_hash VARCHAR NOT NULL, -- Hash of the captions in order.
    writer VARCHAR, -- Language model that wrote them; NULL where none did.
    instructions VARCHAR, -- What it was told.
    retried INTEGER, -- Captions asked for twice, since the first was off by more than 30 %.
    off_length INTEGER, -- Captions that stayed off by more than 30 %.
    bits_text VARCHAR NOT NULL, -- Name of its captions in bits_per_byte.
    set_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- Captions rewritten in about N words by a language model, the likeliest token at every step
-- (paper, App. E).
CREATE TABLE caption_summaries (
    unit_key VARCHAR PRIMARY KEY, -- Hash of caption, N, model and instructions.
    run_id VARCHAR NOT NULL, -- The run that wrote it.
    model_id VARCHAR NOT NULL, -- The writer.
    revision VARCHAR NOT NULL, -- What was loaded of it.
    instructions VARCHAR NOT NULL, -- What it was told.
    words_asked INTEGER NOT NULL, -- N.
    caption VARCHAR NOT NULL, -- What it shortened.
    summary VARCHAR NOT NULL, -- What it wrote.
    words INTEGER NOT NULL, -- Words of it.
    retried BOOLEAN NOT NULL, -- Whether it was asked twice, since the first was off by more than 30 %.
    summary_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);
