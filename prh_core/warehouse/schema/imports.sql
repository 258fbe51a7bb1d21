-- Version 15. What others measured.

-- One row per model, benchmark and measure, imported with its source.
CREATE TABLE benchmarks (
    unit_key VARCHAR PRIMARY KEY, -- Hash of collection, model, benchmark, measure and shots: importing again replaces.
    run_id VARCHAR NOT NULL, -- The run that imported it.
    model_id VARCHAR NOT NULL, -- Catalog id.
    benchmark VARCHAR NOT NULL, -- Name of the task, e.g. HellaSwag.
    measure VARCHAR NOT NULL, -- What is counted, e.g. acc_norm; empty where the source does not say.
    shots INTEGER, -- Solved examples in the prompt; NULL where the source does not say.
    score DOUBLE NOT NULL, -- As a share, 0 to 1, for accuracies; otherwise in the measure's own unit.
    stderr DOUBLE, -- Standard error, same unit; NULL where the source does not say.
    collection VARCHAR NOT NULL, -- Which table or harness it is from: scores of one collection compare.
    named VARCHAR NOT NULL, -- The model's name there.
    source VARCHAR NOT NULL, -- Where it was published, or the results file.
    license VARCHAR NOT NULL, -- License of the source.
    note VARCHAR NOT NULL, -- What to know before believing it.
    imported_at TIMESTAMPTZ NOT NULL -- When.
);

-- One row per model and text: bits per byte that somebody published.
CREATE TABLE imported_bits (
    unit_key VARCHAR PRIMARY KEY, -- Hash of collection, model and text.
    run_id VARCHAR NOT NULL, -- The run that imported it.
    model_id VARCHAR NOT NULL, -- Catalog id.
    text VARCHAR NOT NULL, -- Name of the text.
    bits_per_byte DOUBLE NOT NULL, -- Bits per byte, above 0.
    collection VARCHAR NOT NULL, -- Which table it is from.
    named VARCHAR NOT NULL, -- The model's name there.
    source VARCHAR NOT NULL, -- Where it was published.
    license VARCHAR NOT NULL, -- License of the source.
    note VARCHAR NOT NULL, -- What to know before believing it.
    imported_at TIMESTAMPTZ NOT NULL -- When.
);

-- One row per pair of models: an alignment that somebody published, best layers, without its
-- layer table.
CREATE TABLE imported_scores (
    unit_key VARCHAR PRIMARY KEY, -- Hash of collection, models and setting.
    run_id VARCHAR NOT NULL, -- The run that imported it.
    model_x VARCHAR NOT NULL, -- Catalog id of the language model.
    model_y VARCHAR NOT NULL, -- Catalog id of the vision model.
    dataset_id VARCHAR NOT NULL, -- The published set, as in datasets; its row order is unknown.
    row_order VARCHAR NOT NULL, -- Always unknown: such scores compare with each other only.
    pooling_x VARCHAR NOT NULL, -- How a caption's tokens became one vector.
    prompt_x VARCHAR NOT NULL, -- Prompt round the caption.
    pooling_y VARCHAR NOT NULL, -- How an image's tokens became one vector.
    prompt_y VARCHAR NOT NULL, -- Always none.
    metric VARCHAR NOT NULL, -- Registered name, as in metrics.name.
    k INTEGER, -- Neighbors per sample; NULL for metrics without.
    truncation VARCHAR NOT NULL, -- Outlier truncation.
    n INTEGER NOT NULL, -- Samples.
    normalized BOOLEAN NOT NULL, -- Whether rows were l2-normalized.
    score DOUBLE NOT NULL, -- Best over pairs of single layers.
    null_mean DOUBLE, -- Expected score of one pair of unrelated layers, where it is known.
    collection VARCHAR NOT NULL, -- Which table it is from.
    source VARCHAR NOT NULL, -- Where it was published.
    imported_at TIMESTAMPTZ NOT NULL -- When.
);
