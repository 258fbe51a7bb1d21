-- Version 15. Maps of models (paper, Fig. 2, right).

-- Maps of models of one modality by -log(alignment), a row per model of every map (paper, Fig.
-- 2, right).
CREATE TABLE maps (
    unit_key VARCHAR NOT NULL, -- Hash of the alignments mapped and the way of mapping.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    dataset_id VARCHAR NOT NULL, -- Images the models were compared on.
    row_order VARCHAR NOT NULL, -- Hash of their ids in order.
    n INTEGER NOT NULL, -- Samples.
    metric VARCHAR NOT NULL, -- Metric of the alignments.
    k INTEGER, -- Its neighbors; NULL without.
    sigma DOUBLE, -- Its bandwidth; NULL without.
    truncation VARCHAR NOT NULL, -- Outlier truncation of the features.
    normalized BOOLEAN NOT NULL, -- Whether rows were l2-normalized.
    method VARCHAR NOT NULL, -- umap or mds.
    seed INTEGER NOT NULL, -- Of its sampling.
    model_id VARCHAR NOT NULL, -- The model.
    x DOUBLE NOT NULL, -- Its place, in no unit.
    y DOUBLE NOT NULL, -- Its place, in no unit.
    models INTEGER NOT NULL, -- Models on the map: those compared with each other.
    trustworthiness DOUBLE NOT NULL, -- 0 to 1: whether neighbors on the map are neighbors in truth (Venna and Kaski, 2001).
    neighbors INTEGER NOT NULL, -- Neighbors trustworthiness asks for.
    raised INTEGER NOT NULL, -- Pairs whose alignment was zero or less and counts as floor.
    floor DOUBLE NOT NULL, -- Half the smallest positive alignment: -log of it is the largest distance.
    map_version INTEGER NOT NULL, -- Version of the mapping code.
    finished_at TIMESTAMPTZ NOT NULL, -- When.
    precision VARCHAR, -- In which the networks computed; NULL in rows that are older than this column.
    pooling VARCHAR, -- How a caption's tokens became one vector; NULL for vision models, which have poolings of their own.
    prompt VARCHAR, -- Prompt round the caption; NULL for vision models.
    PRIMARY KEY (unit_key, model_id)
);
