-- Version 20. Inside a score: who is near whom, and how much two models share sample by sample.

-- One row per layer of a feature set whose neighbors are stored: found as scores find them, among
-- the same rows, truncated and l2-normalized alike.
CREATE TABLE neighbor_layers (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the neighbors and the map.
    run_id VARCHAR NOT NULL, -- The run that found them.
    features VARCHAR NOT NULL, -- Feature set, as in feature_sets.unit_key.
    model_id VARCHAR NOT NULL, -- The model.
    dataset_id VARCHAR NOT NULL, -- What the model saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    pooling VARCHAR NOT NULL, -- How a sample became one vector.
    prompt VARCHAR NOT NULL, -- Prompt round the caption; none.
    truncation VARCHAR NOT NULL, -- Outlier truncation: exact, mean or none.
    layer INTEGER NOT NULL, -- Layer, from 0; the last index stands for all layers side by side.
    layer_name VARCHAR NOT NULL, -- Its name.
    n INTEGER NOT NULL, -- Samples.
    k INTEGER NOT NULL, -- Neighbors stored of each.
    map_method VARCHAR NOT NULL, -- umap (of the stored neighbors), or pca (the two principal components) where samples are too many for it.
    seed INTEGER NOT NULL, -- Of the map.
    map_kept DOUBLE NOT NULL, -- Share of the samples' 10 nearest neighbors that are among the 10 nearest on the map.
    neighbors_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- One row per sample of each of neighbor_layers: its nearest neighbors, and its place on a map.
CREATE TABLE sample_neighbors (
    unit_key VARCHAR NOT NULL, -- As in neighbor_layers.
    "position" INTEGER NOT NULL, -- The sample, as in samples.position.
    neighbors INTEGER[] NOT NULL, -- Positions of its nearest neighbors, nearest first; ties by position.
    similarities FLOAT[] NOT NULL, -- Cosine similarity with each, rounded to five decimals.
    x FLOAT NOT NULL, -- Place on the layer's map, in no unit.
    y FLOAT NOT NULL -- Place on the layer's map, in no unit.
);

-- One row per pair of layers that is the best of two models under some k: how many of its k nearest
-- neighbors each sample has in common. Their mean over k is the score by mutual k-NN.
CREATE TABLE sample_agreement (
    unit_key VARCHAR NOT NULL, -- Hash of both layers and k.
    run_id VARCHAR NOT NULL, -- The run that counted.
    features_x VARCHAR NOT NULL, -- Feature set of x, as in scores.features_x.
    features_y VARCHAR NOT NULL, -- Feature set of y.
    model_x VARCHAR NOT NULL, -- First model.
    model_y VARCHAR NOT NULL, -- Second model.
    dataset_id VARCHAR NOT NULL, -- What both saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    truncation VARCHAR NOT NULL, -- Outlier truncation.
    layer_x INTEGER NOT NULL, -- Layer of x, as in scores.layer_x.
    layer_y INTEGER NOT NULL, -- Layer of y.
    k INTEGER NOT NULL, -- Neighbors compared.
    n INTEGER NOT NULL, -- Samples.
    shared USMALLINT[] NOT NULL, -- Neighbors that both models give each sample, of k, in row order.
    neighbors_version INTEGER NOT NULL, -- Version of the code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- Small copies of samples' pictures, each content once; only of datasets whose license allows it.
CREATE TABLE thumbnails (
    content_hash VARCHAR NOT NULL, -- sha256 of webp.
    webp BLOB NOT NULL, -- The picture, WebP.
    width INTEGER NOT NULL, -- Pixels.
    height INTEGER NOT NULL -- Pixels.
);

-- Which small picture each sample has.
CREATE TABLE sample_thumbnails (
    dataset_id VARCHAR NOT NULL, -- The dataset.
    row_order VARCHAR NOT NULL, -- Its row order.
    "position" INTEGER NOT NULL, -- The sample, as in samples.position.
    content_hash VARCHAR NOT NULL, -- As in thumbnails.
    recorded_at TIMESTAMPTZ NOT NULL -- When it was made.
);

-- The class of each sample, where somebody named them.
CREATE TABLE sample_labels (
    dataset_id VARCHAR NOT NULL, -- The dataset.
    row_order VARCHAR NOT NULL, -- Its row order.
    "position" INTEGER NOT NULL, -- The sample, as in samples.position.
    label VARCHAR NOT NULL, -- Its class.
    source VARCHAR NOT NULL, -- captions, or the name of the file that said so.
    recorded_at TIMESTAMPTZ NOT NULL -- When it was read.
);

-- What each sample's picture is like, in numbers.
CREATE TABLE picture_statistics (
    dataset_id VARCHAR NOT NULL, -- The dataset.
    row_order VARCHAR NOT NULL, -- Its row order.
    "position" INTEGER NOT NULL, -- The sample, as in samples.position.
    brightness DOUBLE NOT NULL, -- Mean luma (Rec. 601), 0 black to 1 white.
    contrast DOUBLE NOT NULL, -- Standard deviation of luma, 0 to .5.
    colorfulness DOUBLE NOT NULL, -- Hasler and Suesstrunk 2003, 0 gray to about 1.
    detail DOUBLE NOT NULL, -- Mean size of the luma's gradient between neighboring pixels, at 224 pixels.
    recorded_at TIMESTAMPTZ NOT NULL -- When it was measured.
);

-- sample_agreement, a row per sample: the share of its k neighbors that two models have in common.
CREATE VIEW agreement_by_sample AS
WITH counted AS (
    SELECT * EXCLUDE (shared), unnest(shared) AS shared, generate_subscripts(shared, 1) - 1 AS place
    FROM sample_agreement
)

SELECT
    c.model_x, c.model_y, c.dataset_id, c.row_order, c.truncation, c.layer_x, c.layer_y, c.k, c.n,
    c.place AS "position", s.sample_id, s.caption, c.shared, c.shared / c.k AS agreement,
    c.features_x, c.features_y, c.unit_key
FROM counted AS c
LEFT JOIN samples AS s
    ON s.dataset_id = c.dataset_id AND s.row_order = c.row_order AND s.position = c.place;
