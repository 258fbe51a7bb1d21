-- Rows of a warehouse of many scores, for timing alone: nothing in it was measured.
-- Variables: language_models, vision_models, datasets (counts).
SET VARIABLE began = TIMESTAMPTZ '2026-01-01 00:00:00+00';

INSERT INTO models BY NAME
SELECT
    format('{}-{:03d}', modality, i) AS model_id,
    format('{} {}', modality, i) AS label,
    modality,
    format('{} family {}', modality, i % 12) AS family,
    'made up' AS objective, 'none' AS training_data, 'none' AS source, '1' AS revision,
    'none' AS license, 1000000 * (i + 1) AS parameters, i % 10 > 0 AS trained, 'none' AS citation,
    getvariable('began') AS recorded_at
FROM (
    SELECT 'language' AS modality, unnest(range(getvariable('language_models'))) AS i
    UNION ALL
    SELECT 'vision' AS modality, unnest(range(getvariable('vision_models'))) AS i
);

INSERT INTO datasets BY NAME
SELECT
    format('dataset-{:03d}', i) AS dataset_id, sha256(i::VARCHAR) AS row_order,
    format('Made-up pairs {}', i) AS title, 'hub' AS kind, 'none' AS source, '1' AS revision,
    'none' AS license, 'none' AS citation, 'Made up to time pages.' AS note, 1024 AS n,
    []::VARCHAR[] AS skipped, getvariable('began') AS recorded_at
FROM range(getvariable('datasets')) AS t (i);

INSERT INTO runs BY NAME
SELECT
    'run-' || dataset_id AS run_id, 'made up' AS command, '{}' AS versions, 'none' AS device,
    getvariable('began') AS started_at, getvariable('began') AS ended_at, 'done' AS outcome,
    '' AS message, 0 AS done, 0 AS skipped
FROM datasets;

INSERT INTO feature_sets BY NAME
SELECT
    sha256(m.model_id || d.dataset_id) AS unit_key, 'run-' || d.dataset_id AS run_id, m.model_id,
    m.revision, d.dataset_id, d.row_order,
    CASE m.modality WHEN 'language' THEN 'mean' ELSE 'cls' END AS pooling, 'none' AS prompt, d.n,
    ['one', 'two'] AS layer_names, [64, 64] AS widths, 'float32' AS dtype, 1 AS bytes,
    'none' AS file, '{}' AS facts, getvariable('began') AS finished_at, 'float32' AS precision
FROM models AS m
CROSS JOIN datasets AS d;

INSERT INTO bits BY NAME
SELECT
    sha256('bits ' || model_id) AS unit_key, -1 AS chunk, 'run-dataset-000' AS run_id, model_id,
    revision, 'made-up' AS text, 4000 AS budget, 512 AS context, 256 AS stride,
    'bos' AS starts_with, 4000 * (0.4 + 0.3 * random()) AS nats, 1000 AS tokens, 4000 AS bytes,
    10 AS documents, 'float32' AS dtype, 'none' AS device, getvariable('began') AS finished_at,
    1 AS bits_version
FROM models
WHERE modality = 'language';

INSERT INTO competence BY NAME
SELECT
    sha256(t || model_id) AS unit_key, 'run-dataset-000' AS run_id, model_id, revision,
    t AS task_id, t AS task, 'natural' AS task_group, 'two' AS layer, 'last' AS layer_choice,
    'cls' AS pooling, 64 AS width, right_ AS accuracy, right_ AS mean_per_class,
    right_ - 0.02 AS interval_low, right_ + 0.02 AS interval_high, 1 AS regularizer, 10 AS classes,
    1000 AS train, 1000 AS test, 'none' AS source, 'none' AS license, '' AS note,
    1 AS probe_version, getvariable('began') AS finished_at, 'float32' AS precision
FROM (
    SELECT *, unnest(['task one', 'task two', 'task three']) AS t, 0.5 + 0.4 * random() AS right_
    FROM models
    WHERE modality = 'vision'
);

INSERT INTO maps BY NAME
SELECT
    sha256(d.dataset_id) AS unit_key, 'run-' || d.dataset_id AS run_id, m.model_id, d.dataset_id,
    d.row_order, d.n, 'mutual_knn' AS metric, 10 AS k, 'exact' AS truncation, true AS normalized,
    'umap' AS method, 10 * random() AS x, 10 * random() AS y, 15 AS neighbors, 0 AS seed,
    0.9 AS trustworthiness, getvariable('vision_models') AS models, 0 AS raised, 0 AS floor,
    1 AS map_version, getvariable('began') AS finished_at, 'float32' AS precision
FROM models AS m
CROSS JOIN datasets AS d
WHERE m.modality = 'vision';
