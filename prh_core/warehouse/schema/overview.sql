-- Version 17. What is here, counted at publishing: pages list it without looking through scores.

-- Every setting that two modalities were compared under. Scores compare within one setting only.
CREATE TABLE alignment_settings (
    modality_x VARCHAR NOT NULL, -- Of the first models.
    modality_y VARCHAR NOT NULL, -- Of the second.
    place INTEGER NOT NULL, -- Order of a list of these two, from 1: the dataset with most pairs of models first, and in it the customary setting; variants of a dataset after all datasets, published sets last.
    dataset_id VARCHAR NOT NULL, -- What both models saw.
    row_order VARCHAR NOT NULL, -- Their row order.
    dataset VARCHAR NOT NULL, -- Title, with the row order where a title has several.
    n INTEGER NOT NULL, -- Samples compared.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    metric_label VARCHAR NOT NULL, -- Its name used in charts.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    sigma DOUBLE, -- Bandwidth asked for; NULL for metrics without one and for a metric's own default.
    truncation VARCHAR NOT NULL, -- Outlier truncation.
    normalized BOOLEAN NOT NULL, -- Whether rows were l2-normalized.
    pooling VARCHAR NOT NULL, -- How a caption's tokens became one vector.
    prompt VARCHAR NOT NULL, -- Name of the prompt round the caption; none.
    precision VARCHAR, -- In which both networks computed; NULL where nobody says.
    pairs BIGINT NOT NULL, -- Pairs of models scored.
    trained_pairs BIGINT NOT NULL, -- Those of trained models.
    ks BIGINT NOT NULL, -- Different k under otherwise the same setting.
    skilled BIGINT NOT NULL, -- First models a skill is known of.
    predicting BIGINT NOT NULL, -- First models whose bits per byte of some text are known.
    published BOOLEAN NOT NULL -- Measured by others: without layers, calibration or interval.
);

-- alignment_settings of language with vision models.
CREATE VIEW language_vision_settings AS
SELECT * EXCLUDE (modality_x, modality_y)
FROM alignment_settings
WHERE modality_x = 'language' AND modality_y = 'vision';

-- Every setting that models of one modality were compared with each other under.
CREATE TABLE settings_within_modality (
    place INTEGER NOT NULL, -- Order of a modality's list, from 1: most models first, and of a dataset the customary setting.
    modality VARCHAR NOT NULL, -- language, vision or any other name.
    dataset_id VARCHAR NOT NULL, -- What both models saw.
    row_order VARCHAR NOT NULL, -- Its row order.
    dataset VARCHAR NOT NULL, -- Title, with the row order where a title has several.
    n INTEGER NOT NULL, -- Samples compared.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    metric_label VARCHAR NOT NULL, -- Its name used in charts.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    sigma DOUBLE, -- Bandwidth asked for; NULL for metrics without one and for a metric's own default.
    truncation VARCHAR NOT NULL, -- Outlier truncation.
    normalized BOOLEAN NOT NULL, -- Whether rows were l2-normalized.
    pooling VARCHAR NOT NULL, -- How a caption's tokens became one vector; own for models that read no captions, each its own.
    prompt VARCHAR NOT NULL, -- Name of the prompt round the caption; none.
    precision VARCHAR, -- In which both networks computed; NULL where nobody says.
    models BIGINT NOT NULL, -- Models compared.
    pairs BIGINT NOT NULL, -- Unordered pairs of them.
    higher_is_closer BOOLEAN NOT NULL -- False where a score is a distance.
);

-- Which pairs of models were scored, by metric and k, whatever the dataset and the rest of the
-- setting.
CREATE TABLE scored_pairs (
    model_x VARCHAR NOT NULL, -- First model; for language against vision the language model.
    model_y VARCHAR NOT NULL, -- Second model.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    published BOOLEAN NOT NULL, -- Measured by others.
    scores BIGINT NOT NULL -- Newest scores.
);

-- Which models were scored on which dataset.
CREATE TABLE scored_models (
    dataset_id VARCHAR NOT NULL, -- The dataset.
    row_order VARCHAR NOT NULL, -- Its row order.
    model_id VARCHAR NOT NULL, -- Catalog id.
    scores BIGINT NOT NULL -- Newest scores with other models or itself.
);

-- Of every model its closest score with one of another modality: measured here before
-- published, mutual k-NN before other metrics, k = 10 before others.
CREATE TABLE closest_models (
    model_id VARCHAR PRIMARY KEY, -- Catalog id.
    closest VARCHAR NOT NULL, -- Catalog id of the model it is closest to.
    score DOUBLE NOT NULL, -- Their score.
    metric VARCHAR NOT NULL, -- Registered name of its metric.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    dataset_id VARCHAR NOT NULL, -- The dataset of that score.
    row_order VARCHAR NOT NULL -- Its row order.
);

-- How many scores use each feature set.
CREATE TABLE feature_set_scores (
    unit_key VARCHAR PRIMARY KEY, -- As in feature_sets.
    scores BIGINT NOT NULL -- Scores of either side, superseded ones too.
);
