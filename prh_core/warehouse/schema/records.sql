-- Version 15. What was measured, on what, and by which run.

-- One row per model that has features or scores here.
CREATE TABLE models (
    model_id VARCHAR PRIMARY KEY, -- Catalog id.
    label VARCHAR NOT NULL, -- Short name used in charts.
    modality VARCHAR NOT NULL, -- language, vision or any other name.
    family VARCHAR NOT NULL, -- Models that share objective and data; one color in charts.
    objective VARCHAR NOT NULL, -- What it was trained to do.
    training_data VARCHAR NOT NULL, -- What it was trained on.
    source VARCHAR NOT NULL, -- Hub repository, package or file of the weights.
    revision VARCHAR NOT NULL, -- Commit, tag or package version asked for; what was loaded stands in feature_sets.revision.
    license VARCHAR NOT NULL, -- License of the weights.
    parameters BIGINT, -- Number of parameters.
    trained BOOLEAN NOT NULL, -- False for randomly initialized controls.
    citation VARCHAR NOT NULL, -- Where it was published.
    recorded_at TIMESTAMPTZ NOT NULL -- When the record was last written.
);

-- One row per set of image-caption pairs in one row order.
CREATE TABLE datasets (
    dataset_id VARCHAR NOT NULL, -- Catalog id.
    row_order VARCHAR NOT NULL, -- sha256 of the sample ids in order: scores with different values are not comparable.
    title VARCHAR NOT NULL, -- Name used in charts.
    kind VARCHAR NOT NULL, -- hub, folder or openmoji.
    source VARCHAR NOT NULL, -- Where the pairs come from.
    revision VARCHAR NOT NULL, -- Commit, tag or package version.
    license VARCHAR NOT NULL, -- License of images and captions.
    citation VARCHAR NOT NULL, -- Where it was published.
    note VARCHAR NOT NULL, -- What to know before believing a score on it.
    n INTEGER NOT NULL, -- Number of pairs.
    skipped VARCHAR[] NOT NULL, -- Ids of corrupt images left out for every model alike.
    recorded_at TIMESTAMPTZ NOT NULL, -- When the record was last written.
    PRIMARY KEY (dataset_id, row_order)
);

-- The pairs of each dataset, in row order.
CREATE TABLE samples (
    dataset_id VARCHAR NOT NULL, -- The dataset.
    row_order VARCHAR NOT NULL, -- The dataset's row order.
    position INTEGER NOT NULL, -- Row of this sample in every feature file, from 0.
    sample_id VARCHAR NOT NULL, -- Stable id of the pair.
    caption VARCHAR NOT NULL, -- The text shown to language models.
    image VARCHAR NOT NULL, -- The image shown to vision models: a path or reference, not the pixels.
    recorded_at TIMESTAMPTZ -- When the record was written; NULL in rows of schema 14 and before.
);

-- Provenance: one row per command that changed the results.
CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY, -- Start time and a random tail.
    command VARCHAR NOT NULL, -- The command as typed.
    versions JSON NOT NULL, -- Versions of PRH Explorer and the libraries that made the numbers.
    device VARCHAR NOT NULL, -- Machine and device.
    started_at TIMESTAMPTZ NOT NULL, -- When it started.
    ended_at TIMESTAMPTZ, -- When it ended; NULL while it runs or if it was killed.
    outcome VARCHAR NOT NULL, -- done, failed, or unfinished (still running, or killed).
    message VARCHAR NOT NULL, -- The error of a failed run.
    done INTEGER, -- Units of work done by this run.
    skipped INTEGER, -- Units found done already.
    accelerator VARCHAR -- CUDA devices of the machine and their driver; NULL where there is none, or the command ran no network. What ran where stands in feature_sets.device.
);
