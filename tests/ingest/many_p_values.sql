-- One row of scores per p-value of the table p, all of one setting, and as many of another one.
INSERT INTO datasets VALUES ('d', 'o', 'D', '', '', '', '', '', '', 9, [], now());
INSERT INTO models
SELECT
    m.modality || i, m.modality || i, m.modality, '', '', '', '', '', '', NULL, true, '', now()
FROM (VALUES ('language'), ('vision')) AS m (modality), range((SELECT count(*) FROM p)) AS r (i);

INSERT INTO scores BY NAME
SELECT
    i || '-' || k AS unit_key, 'run' AS run_id, '' AS features_x, '' AS features_y,
    'language' || i AS model_x, 'vision' || i AS model_y, 'd' AS dataset_id, 'o' AS row_order,
    'mean' AS pooling_x, 'none' AS prompt_x, 'cls' AS pooling_y, 'none' AS prompt_y,
    'mutual_knn' AS metric, k, 9 AS n, 'exact' AS truncation, true AS normalized,
    0.5 AS score, 0 AS layer_x, 0 AS layer_y,
    0.5 AS single_layer_score, 0 AS single_layer_x, 0 AS single_layer_y,
    ['a'] AS layer_names_x, ['a'] AS layer_names_y, [[0.5]] AS layer_table,
    2 AS score_version, now() AS finished_at,
    CASE k WHEN 10 THEN p ELSE 0.001 END AS p_value
FROM (SELECT p, row_number() OVER () - 1 AS i FROM p), (VALUES (10), (20)) AS ks (k);
