-- Version 16. How many words captions have.

-- One row per dataset and its captions.
CREATE TABLE wordiness (
    unit_key VARCHAR NOT NULL, -- Hash of the captions.
    run_id VARCHAR NOT NULL, -- The run that counted.
    dataset_id VARCHAR NOT NULL, -- Whose captions.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    n INTEGER NOT NULL, -- Captions.
    words DOUBLE NOT NULL, -- Words a caption, mean.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- Words a caption by dataset, wordy ones first.
CREATE VIEW wordy_datasets AS
SELECT dataset_id, words, n FROM wordiness ORDER BY words DESC;
