-- What a reader asks for, under plain names.

CREATE VIEW current_scores AS
SELECT * FROM scores
QUALIFY row_number() OVER (
    PARTITION BY model_x, model_y, dataset_id, row_order, pooling_x, prompt_x, pooling_y, prompt_y,
                 metric, k, truncation, normalized
    ORDER BY score_version DESC, finished_at DESC, unit_key
) = 1;
COMMENT ON VIEW current_scores IS 'scores without what a later extraction or scoring of the same setting superseded.';

CREATE VIEW language_vision_alignment AS
SELECT
    s.score, s.null_mean AS chance, s.metric, s.k, s.n, s.truncation, s.pooling_x AS pooling,
    s.prompt_x AS prompt,
    l.model_id AS language_model, l.label AS language_label, l.family AS language_family,
    l.parameters AS language_parameters, l.trained AS language_trained,
    v.model_id AS vision_model, v.label AS vision_label, v.family AS vision_family,
    v.parameters AS vision_parameters, v.trained AS vision_trained,
    s.layer_names_x[s.layer_x + 1] AS language_layer,
    s.layer_names_y[s.layer_y + 1] AS vision_layer,
    s.layer_x AS language_layer_index, s.layer_y AS vision_layer_index,
    s.single_layer_score,
    s.layer_names_x[s.single_layer_x + 1] AS single_language_layer,
    s.layer_names_y[s.single_layer_y + 1] AS single_vision_layer,
    d.dataset_id, d.title AS dataset, d.row_order, s.run_id, s.unit_key, s.finished_at
FROM current_scores AS s
JOIN models AS l ON l.model_id = s.model_x AND l.modality = 'language'
JOIN models AS v ON v.model_id = s.model_y AND v.modality = 'vision'
JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order;
COMMENT ON VIEW language_vision_alignment IS 'Alignment of every language model with every vision model (paper, Fig. 3, y axis), best layers named.';

CREATE VIEW layer_scores AS
SELECT
    s.unit_key, s.model_x, s.model_y, s.dataset_id, s.metric, s.k, s.n, s.truncation,
    s.pooling_x, s.prompt_x, s.pooling_y, s.prompt_y,
    a.i - 1 AS layer_x, b.j - 1 AS layer_y,
    s.layer_names_x[a.i] AS layer_name_x, s.layer_names_y[b.j] AS layer_name_y,
    s.layer_table[a.i][b.j] AS score
FROM current_scores AS s,
    LATERAL (SELECT unnest(range(1, len(s.layer_names_x) + 1)) AS i) AS a,
    LATERAL (SELECT unnest(range(1, len(s.layer_names_y) + 1)) AS j) AS b;
COMMENT ON VIEW layer_scores IS 'The whole layer-by-layer table of every score, a row per pair of layers.';

CREATE VIEW coverage AS
SELECT
    m.model_id, m.label, m.modality, m.family, m.trained, f.dataset_id, f.row_order, f.pooling,
    f.prompt, f.n, len(f.layer_names) AS layers, f.items_per_second, f.device, f.bytes,
    f.finished_at, f.unit_key,
    (
        SELECT count(*) FROM scores AS s
        WHERE s.features_x = f.unit_key OR s.features_y = f.unit_key
    ) AS scores
FROM feature_sets AS f
JOIN models AS m USING (model_id);
COMMENT ON VIEW coverage IS 'Which model has features on which dataset, and how many scores use them.';
