-- Version 16. What is here, counted at publishing: pages list it without looking through scores.

-- Every setting that language-vision scores exist under. Scores compare within one setting only.
CREATE TABLE language_vision_settings (
    place INTEGER NOT NULL, -- Order of a list, from 1: the dataset with most pairs of models first, and in it the customary setting; variants of a dataset after all datasets, published sets last.
    dataset_id VARCHAR NOT NULL, -- The pairs of image and caption both models saw.
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
    skilled BIGINT NOT NULL, -- Language models a skill is known of.
    predicting BIGINT NOT NULL, -- Language models whose bits per byte of some text are known.
    published BOOLEAN NOT NULL -- Measured by others: without layers, calibration or interval.
);

-- Every setting that models of one modality were compared with each other under.
CREATE TABLE settings_within_modality (
    place INTEGER NOT NULL, -- Order of a modality's list, from 1: most models first, and of a dataset the customary setting.
    modality VARCHAR NOT NULL, -- vision or language.
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
    pooling VARCHAR NOT NULL, -- How a caption's tokens became one vector; own for vision models, each its own.
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

-- Of every model its closest score with one of the other modality: measured here before
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
