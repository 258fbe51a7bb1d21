-- Version 16. Features stay in files; their descriptions are here.

-- One row per feature file: a model's layers over one dataset. The features themselves stay in
-- files.
CREATE TABLE feature_sets (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the features.
    run_id VARCHAR NOT NULL, -- The run that made it.
    model_id VARCHAR NOT NULL, -- The model.
    revision VARCHAR NOT NULL, -- The commit or version actually loaded.
    dataset_id VARCHAR NOT NULL, -- The dataset.
    row_order VARCHAR NOT NULL, -- Its row order.
    pooling VARCHAR NOT NULL, -- cls, gap (global average), mean (over tokens) or last (token).
    prompt VARCHAR NOT NULL, -- Name of the prompt wrapped round the caption; none.
    n INTEGER NOT NULL, -- Number of samples.
    layer_names VARCHAR[] NOT NULL, -- Layers in depth order.
    widths INTEGER[] NOT NULL, -- Dimensions of each layer.
    dtype VARCHAR NOT NULL, -- Number format in the file.
    bytes BIGINT NOT NULL, -- Size of the file.
    file VARCHAR NOT NULL, -- Path below the data folder.
    seconds DOUBLE, -- Seconds the extraction took, loading apart.
    items_per_second DOUBLE, -- Samples per second.
    device VARCHAR, -- Device it ran on.
    facts JSON NOT NULL, -- Library versions and other provenance.
    finished_at TIMESTAMPTZ NOT NULL, -- When it was stored.
    precision VARCHAR -- In which the network computed: float32, bfloat16 or float16, and as "float32 stored in float16" where the file has another format; NULL in rows that are older than this column, see feature_precision.
);

-- In which precision each feature set was computed; rows that are older than the column say it
-- by their facts: tf32 where float32 convolutions ran in TF32 on CUDA, unknown where CUDA ran
-- and nothing says.
CREATE VIEW feature_precision AS
WITH told AS (
    SELECT
        unit_key, precision, pooling, facts ->> 'dtype' AS dtype,
        coalesce(regexp_matches(
            lower(facts ->> 'device'), '^(nvidia|tesla|quadro|geforce|cuda)'
        ), false) AS on_cuda
    FROM feature_sets
)

SELECT
    unit_key,
    CASE
        WHEN precision IS NOT NULL THEN precision
        WHEN dtype IS NULL THEN CASE WHEN on_cuda THEN 'unknown' ELSE 'float32' END
        WHEN dtype = 'float32' AND on_cuda AND pooling IN ('cls', 'gap') THEN 'tf32'
        ELSE dtype
    END AS precision
FROM told;

-- Which model has features on which dataset, in which precision, and how many scores use them.
CREATE VIEW coverage AS
SELECT
    m.model_id, m.label, m.modality, m.family, m.trained, f.dataset_id, f.row_order, f.pooling,
    f.prompt, p.precision, f.n, len(f.layer_names) AS layers, f.items_per_second, f.device,
    f.bytes, f.finished_at, f.unit_key, coalesce(c.scores, 0) AS scores
FROM feature_sets AS f
JOIN feature_precision AS p ON p.unit_key = f.unit_key
JOIN models AS m USING (model_id)
LEFT JOIN feature_set_scores AS c ON c.unit_key = f.unit_key;
