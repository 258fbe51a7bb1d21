-- Scores of one dataset, in the order of publishing: every pair of models, but for vision with
-- language, under every metric and k. For timing alone: nothing in it was measured.
-- $dataset_id: the dataset.
INSERT INTO scores BY NAME
WITH asked AS (
    SELECT name AS metric, unnest(CASE WHEN uses_k THEN [5, 10, 20, 50, 100] ELSE [NULL] END) AS k
    FROM metrics
),

paired AS (
    SELECT
        x.model_id AS model_x, y.model_id AS model_y, x.revision,
        x.modality AS modality_x, y.modality AS modality_y,
        x.trained AND y.trained AS trained
    FROM models AS x
    JOIN models AS y
        ON (x.modality = y.modality AND x.model_id < y.model_id)
        OR (x.modality = 'language' AND y.modality = 'vision')
),

valued AS (
    SELECT
        p.*, a.*, d.*, random() * 0.1 + CASE WHEN p.trained THEN 0.1 ELSE 0 END AS score,
        [[random(), random(), random()], [random(), random(), random()], [random(), random(), random()]]
            AS layer_table
    FROM datasets AS d
    CROSS JOIN asked AS a
    CROSS JOIN paired AS p
    WHERE d.dataset_id = $dataset_id
)

SELECT
    sha256(concat_ws(' ', model_x, model_y, dataset_id, metric, k)) AS unit_key,
    'run-' || dataset_id AS run_id,
    sha256(model_x || dataset_id) AS features_x, sha256(model_y || dataset_id) AS features_y,
    model_x, model_y, dataset_id, row_order,
    CASE modality_x WHEN 'language' THEN 'mean' ELSE 'cls' END AS pooling_x, 'none' AS prompt_x,
    CASE modality_y WHEN 'language' THEN 'mean' ELSE 'cls' END AS pooling_y, 'none' AS prompt_y,
    metric, k, n, 'exact' AS truncation, true AS normalized, score, 1 AS layer_x, 1 AS layer_y,
    score AS single_layer_score, 1 AS single_layer_x, 1 AS single_layer_y,
    ['one', 'two', 'all layers'] AS layer_names_x, ['one', 'two', 'all layers'] AS layer_names_y,
    layer_table, k / 1023 AS null_mean, 3 AS score_version, getvariable('began') AS finished_at,
    200 AS permutations, 0 AS seed, 0.05 AS null_best_mean, 0.06 AS null_threshold,
    CASE WHEN trained THEN 1 / 201 ELSE ceil(201 * random()) / 201 END AS p_value,
    greatest(0, (score - 0.06) / 0.94) AS calibrated,
    score - 0.01 AS interval_low, score + 0.01 AS interval_high, 0.95 AS interval_level,
    'made up' AS interval_method, score AS selection_free, 0 AS tied_x, 0 AS tied_y
FROM valued
ORDER BY metric, k, model_x, model_y;
