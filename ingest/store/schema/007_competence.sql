-- What vision models can do: linear probes on frozen features (paper, Fig. 2).

CREATE TABLE competence (
    unit_key VARCHAR PRIMARY KEY, run_id VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
    revision VARCHAR NOT NULL, task_id VARCHAR NOT NULL, task VARCHAR NOT NULL,
    task_group VARCHAR NOT NULL, layer VARCHAR NOT NULL, layer_choice VARCHAR NOT NULL,
    pooling VARCHAR NOT NULL, width INTEGER NOT NULL, accuracy DOUBLE NOT NULL, mean_per_class DOUBLE NOT NULL,
    interval_low DOUBLE NOT NULL, interval_high DOUBLE NOT NULL, regularizer DOUBLE NOT NULL,
    classes INTEGER NOT NULL, train INTEGER NOT NULL, test INTEGER NOT NULL,
    source VARCHAR NOT NULL, license VARCHAR NOT NULL, note VARCHAR NOT NULL,
    probe_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE competence IS 'One row per model, task and choice of layer: multinomial logistic regression on frozen features of one layer, standardized, regularizer by an inner split.';
COMMENT ON COLUMN competence.unit_key IS 'Hash of the model, the task''s content and the way of probing.';
COMMENT ON COLUMN competence.run_id IS 'The run that computed it.';
COMMENT ON COLUMN competence.model_id IS 'The model.';
COMMENT ON COLUMN competence.revision IS 'What was loaded.';
COMMENT ON COLUMN competence.task_id IS 'Catalog id of the task.';
COMMENT ON COLUMN competence.task IS 'Its title.';
COMMENT ON COLUMN competence.task_group IS 'natural, specialized or structured, as in VTAB.';
COMMENT ON COLUMN competence.layer IS 'Layer that was probed.';
COMMENT ON COLUMN competence.layer_choice IS 'last, or best: the layer that did best on the inner split.';
COMMENT ON COLUMN competence.pooling IS 'How its positions became one vector.';
COMMENT ON COLUMN competence.width IS 'Its dimensions.';
COMMENT ON COLUMN competence.accuracy IS 'Share of test samples classified right.';
COMMENT ON COLUMN competence.mean_per_class IS 'Mean over classes of that share: what imbalance cannot inflate.';
COMMENT ON COLUMN competence.interval_low IS 'Lower end of the 95 % confidence interval of mean_per_class over test samples.';
COMMENT ON COLUMN competence.interval_high IS 'Upper end.';
COMMENT ON COLUMN competence.regularizer IS 'Inverse strength C that did best on the inner split.';
COMMENT ON COLUMN competence.classes IS 'Number of classes.';
COMMENT ON COLUMN competence.train IS 'Training samples, 10,000 at most.';
COMMENT ON COLUMN competence.test IS 'Test samples, 10,000 at most.';
COMMENT ON COLUMN competence.source IS 'Where the task comes from.';
COMMENT ON COLUMN competence.license IS 'Its license.';
COMMENT ON COLUMN competence.note IS 'What to know before believing it.';
COMMENT ON COLUMN competence.probe_version IS 'Version of the probing code.';
COMMENT ON COLUMN competence.finished_at IS 'When.';

CREATE VIEW solved AS
WITH current AS (
    SELECT * FROM competence
    QUALIFY row_number() OVER (
        PARTITION BY model_id, task_id, layer_choice
        ORDER BY probe_version DESC, finished_at DESC, unit_key
    ) = 1
)

SELECT
    *,
    max(mean_per_class) OVER same AS best,
    mean_per_class >= 0.8 * max(mean_per_class) OVER same AS solved
FROM current
WINDOW same AS (PARTITION BY task_id, layer_choice);
COMMENT ON VIEW solved IS 'The newest probe of every model and task, and whether it is solved: at least 80 % of the best of all models (paper, Fig. 2).';

CREATE VIEW vision_competence AS
SELECT
    model_id, layer_choice, avg(solved::INTEGER) AS share_solved,
    avg(mean_per_class) AS mean_accuracy, count(*) AS tasks, max(finished_at) AS finished_at
FROM solved
GROUP BY model_id, layer_choice;
COMMENT ON VIEW vision_competence IS 'Share of tasks solved and mean accuracy of every probed model; compare models with the same number of tasks only.';

CREATE OR REPLACE VIEW skills AS
WITH told AS (
    SELECT
        model_id,
        benchmark || CASE
            WHEN measure = '' AND shots IS NULL THEN ''
            ELSE ' (' || concat_ws(', ', nullif(measure, ''), shots || '-shot') || ')'
        END || ', ' || collection AS skill,
        score, stderr, false AS predicts_text, collection, source, license, note,
        imported_at AS known_at, 1 AS place
    FROM benchmarks
    UNION ALL BY NAME
    SELECT
        model_id, 'linear probe of ' || task || CASE layer_choice
            WHEN 'best' THEN ', best layer' ELSE ''
        END AS skill, mean_per_class AS score,
        (interval_high - interval_low) / 3.92 AS stderr, false AS predicts_text,
        'measured here' AS collection, source, license, note, finished_at AS known_at, 1 AS place
    FROM solved
    UNION ALL BY NAME
    SELECT
        model_id, told.skill || CASE layer_choice
            WHEN 'best' THEN ', best layer' ELSE ''
        END AS skill, told.score,
        false AS predicts_text, 'measured here' AS collection, finished_at AS known_at, 1 AS place
    FROM (
        SELECT *, unnest([
            {'skill': 'share of ' || tasks || ' tasks solved', 'score': share_solved},
            {'skill': 'mean of ' || tasks || ' linear probes', 'score': mean_accuracy}
        ]) AS told
        FROM vision_competence
        WHERE tasks > 1
    )
    UNION ALL BY NAME
    -- A model measured twice on a text counts with its longer measurement, then with its newer one.
    SELECT
        model_id, '1 − bits per byte of ' || text AS skill, language_score AS score,
        true AS predicts_text, coalesce(collection, 'measured here') AS collection,
        finished_at AS known_at, row_number() OVER (
            PARTITION BY model_id, text ORDER BY tokens DESC NULLS LAST, finished_at DESC
        ) AS place
    FROM bits_per_byte
)

SELECT * EXCLUDE (place) FROM told WHERE place = 1;
COMMENT ON VIEW skills IS 'What models can do, a row per model and skill: benchmarks, linear probes, the share of tasks solved, and how well they predict a text (1 - bits per byte). Compare within one skill only.';

CREATE TABLE maps (
    unit_key VARCHAR NOT NULL, run_id VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL,
    row_order VARCHAR NOT NULL, n INTEGER NOT NULL, metric VARCHAR NOT NULL, k INTEGER,
    sigma DOUBLE, truncation VARCHAR NOT NULL, normalized BOOLEAN NOT NULL,
    method VARCHAR NOT NULL, seed INTEGER NOT NULL, model_id VARCHAR NOT NULL, x DOUBLE NOT NULL,
    y DOUBLE NOT NULL, models INTEGER NOT NULL, trustworthiness DOUBLE NOT NULL,
    neighbors INTEGER NOT NULL, raised INTEGER NOT NULL, floor DOUBLE NOT NULL,
    map_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (unit_key, model_id)
);
COMMENT ON TABLE maps IS 'Maps of vision models by -log(alignment), a row per model of every map (paper, Fig. 2, right).';
COMMENT ON COLUMN maps.unit_key IS 'Hash of the alignments mapped and the way of mapping.';
COMMENT ON COLUMN maps.run_id IS 'The run that computed it.';
COMMENT ON COLUMN maps.dataset_id IS 'Images the models were compared on.';
COMMENT ON COLUMN maps.row_order IS 'Hash of their ids in order.';
COMMENT ON COLUMN maps.n IS 'Samples.';
COMMENT ON COLUMN maps.metric IS 'Metric of the alignments.';
COMMENT ON COLUMN maps.k IS 'Its neighbors; NULL without.';
COMMENT ON COLUMN maps.sigma IS 'Its bandwidth; NULL without.';
COMMENT ON COLUMN maps.truncation IS 'Outlier truncation of the features.';
COMMENT ON COLUMN maps.normalized IS 'Whether rows were l2-normalized.';
COMMENT ON COLUMN maps.method IS 'umap or mds.';
COMMENT ON COLUMN maps.seed IS 'Of its sampling.';
COMMENT ON COLUMN maps.model_id IS 'The model.';
COMMENT ON COLUMN maps.x IS 'Its place, in no unit.';
COMMENT ON COLUMN maps.y IS 'Its place, in no unit.';
COMMENT ON COLUMN maps.models IS 'Models on the map: those compared with each other.';
COMMENT ON COLUMN maps.trustworthiness IS '0 to 1: whether neighbors on the map are neighbors in truth (Venna and Kaski, 2001).';
COMMENT ON COLUMN maps.neighbors IS 'Neighbors trustworthiness asks for.';
COMMENT ON COLUMN maps.raised IS 'Pairs whose alignment was zero or less and counts as floor.';
COMMENT ON COLUMN maps.floor IS 'Half the smallest positive alignment: -log of it is the largest distance.';
COMMENT ON COLUMN maps.map_version IS 'Version of the mapping code.';
COMMENT ON COLUMN maps.finished_at IS 'When.';

CREATE VIEW vision_alignment AS
WITH ordered AS (
    SELECT
        s.*, least(s.model_x, s.model_y) AS model_a, greatest(s.model_x, s.model_y) AS model_b
    FROM current_scores AS s
    WHERE s.model_x <> s.model_y
)

SELECT
    s.dataset_id, d.title AS dataset, s.row_order, s.n, s.metric,
    coalesce(m.label, s.metric) AS metric_label,
    coalesce(m.higher_is_closer, true) AS higher_is_closer,
    s.k, s.sigma, s.truncation, s.normalized,
    s.model_a, a.label AS label_a, a.family AS family_a, a.objective AS objective_a,
    a.trained AS trained_a,
    s.model_b, b.label AS label_b, b.family AS family_b, b.objective AS objective_b,
    b.trained AS trained_b,
    avg(s.score) AS score, avg(s.single_layer_score) AS single_layer_score,
    avg(s.calibrated) AS calibrated, max(s.p_value) AS p_value, avg(s.null_mean) AS chance,
    count(*) AS directions,
    string_agg(DISTINCT s.run_id, ', ' ORDER BY s.run_id) AS runs,
    max(s.finished_at) AS finished_at
FROM ordered AS s
JOIN models AS a ON a.model_id = s.model_a AND a.modality = 'vision'
JOIN models AS b ON b.model_id = s.model_b AND b.modality = 'vision'
JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order
LEFT JOIN metrics AS m ON m.name = s.metric
GROUP BY ALL;
COMMENT ON VIEW vision_alignment IS 'Alignment of vision models with each other, a row per unordered pair (paper, Fig. 2, left); a metric that is not symmetric counts with the mean of both directions.';
