-- In which precision networks computed (numbers of two precisions never share a figure), and what
-- beside a score says how far it can be believed.

ALTER TABLE feature_sets ADD COLUMN precision VARCHAR;
COMMENT ON COLUMN feature_sets.precision IS 'In which the network computed: float32, bfloat16 or float16; NULL in rows that are older than this column, see feature_precision.';
ALTER TABLE competence ADD COLUMN precision VARCHAR;
COMMENT ON COLUMN competence.precision IS 'In which the network computed; NULL in rows that are older than this column.';
ALTER TABLE maps ADD COLUMN precision VARCHAR;
COMMENT ON COLUMN maps.precision IS 'In which the networks computed; NULL in rows that are older than this column.';
ALTER TABLE caption_differences ADD COLUMN precision VARCHAR;
COMMENT ON COLUMN caption_differences.precision IS 'In which the networks computed; NULL in rows that are older than this column.';
ALTER TABLE bits ADD COLUMN bits_version INTEGER;
COMMENT ON COLUMN bits.bits_version IS 'Version of the measuring code; NULL in rows that are older than this column, whose budget counts tokens.';
COMMENT ON COLUMN bits.budget IS 'Bytes of text to read at least, where the text has them.';
COMMENT ON COLUMN bits.bytes IS 'UTF-8 bytes of the text the scored tokens stand for: all of a document, or all but its first token''s where that is not scored.';
ALTER TABLE runs ADD COLUMN accelerator VARCHAR;
COMMENT ON COLUMN runs.accelerator IS 'CUDA devices of the machine and their driver; NULL where there is none, or the command ran no network. What ran where stands in feature_sets.device.';

-- A best score's choice undone, and how much of a score row order decided.
ALTER TABLE scores ADD COLUMN selection_free DOUBLE;
ALTER TABLE scores ADD COLUMN tied_x DOUBLE;
ALTER TABLE scores ADD COLUMN tied_y DOUBLE;
COMMENT ON COLUMN scores.selection_free IS 'Median-unbiased estimate of the expected score of the pair of layers that was best, its having been chosen by the same samples undone; NULL without an interval and in rows of score versions below 3.';
COMMENT ON COLUMN scores.tied_x IS 'Share of the neighbors of x, at the best pair of layers, that row order alone chose among candidates equally near; NULL for metrics without neighbors. Where tied_x and tied_y are both large, score says little, whatever its p_value.';
COMMENT ON COLUMN scores.tied_y IS 'The same of y.';
COMMENT ON COLUMN scores.interval_low IS 'Lower end of the confidence interval of the expected score of the pair of layers that was best, its choice undone; below score version 3 of score, its pair of layers held fixed.';

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
COMMENT ON VIEW feature_precision IS 'In which precision each feature set was computed; rows that are older than the column say it by their facts: tf32 where float32 convolutions ran in TF32 on CUDA, unknown where CUDA ran and nothing says.';

CREATE OR REPLACE VIEW coverage AS
SELECT
    m.model_id, m.label, m.modality, m.family, m.trained, f.dataset_id, f.row_order, f.pooling,
    f.prompt, p.precision, f.n, len(f.layer_names) AS layers, f.items_per_second, f.device,
    f.bytes, f.finished_at, f.unit_key,
    (
        SELECT count(*) FROM scores AS s
        WHERE s.features_x = f.unit_key OR s.features_y = f.unit_key
    ) AS scores
FROM feature_sets AS f
JOIN feature_precision AS p ON p.unit_key = f.unit_key
JOIN models AS m USING (model_id);
COMMENT ON VIEW coverage IS 'Which model has features on which dataset, in which precision, and how many scores use them.';

CREATE OR REPLACE VIEW current_scores AS
WITH computed AS (
    SELECT
        s.*,
        CASE
            WHEN x.precision IS DISTINCT FROM y.precision
                THEN coalesce(x.precision, 'unknown') || ' with ' || coalesce(y.precision, 'unknown')
            ELSE x.precision
        END AS precision
    FROM scores AS s
    LEFT JOIN feature_precision AS x ON x.unit_key = s.features_x
    LEFT JOIN feature_precision AS y ON y.unit_key = s.features_y
)

SELECT * FROM computed
QUALIFY row_number() OVER (
    PARTITION BY model_x, model_y, dataset_id, row_order, pooling_x, prompt_x, pooling_y, prompt_y,
                 metric, k, n, truncation, normalized, sigma, precision
    ORDER BY score_version DESC, coalesce(permutations, 0) DESC, finished_at DESC, unit_key
) = 1
UNION ALL BY NAME
SELECT
    * EXCLUDE (collection, source, imported_at),
    score AS single_layer_score, imported_at AS finished_at
FROM imported_scores;
COMMENT ON VIEW current_scores IS 'scores without what a later extraction or scoring of the same setting superseded (of several calibrations the one with most permutations), and imported_scores, which have no layer table. precision is that of both feature sets, "float32 with bfloat16" where an older score mixed two, NULL where nobody says.';

CREATE OR REPLACE VIEW language_vision_alignment AS
WITH named AS (
    SELECT
        s.score, s.null_mean AS chance, s.calibrated, s.p_value, s.null_threshold,
        s.null_best_mean, s.interval_low, s.interval_high, s.interval_level, s.interval_method,
        s.selection_free, s.tied_x AS language_tied, s.tied_y AS vision_tied,
        s.permutations, s.seed,
        s.metric, coalesce(m.label, s.metric) AS metric_label,
        coalesce(m.higher_is_closer, true) AS higher_is_closer,
        s.k, s.sigma, s.n, s.truncation, s.normalized, s.precision, s.pooling_x AS pooling,
        s.pooling_y, s.prompt_x AS prompt,
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
        d.dataset_id, d.title AS dataset, d.row_order, s.run_id, s.unit_key, s.finished_at,
        row(
            d.dataset_id, d.row_order, s.metric, s.k, s.n, s.truncation, s.normalized, s.sigma,
            s.precision, s.pooling_x, s.prompt_x
        ) AS setting
    FROM current_scores AS s
    JOIN models AS l ON l.model_id = s.model_x AND l.modality = 'language'
    JOIN models AS v ON v.model_id = s.model_y AND v.modality = 'vision'
    JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order
    LEFT JOIN metrics AS m ON m.name = s.metric
),

ranked AS (
    SELECT
        *,
        count(p_value) OVER same AS tested,
        row_number() OVER (same ORDER BY p_value NULLS LAST) AS place
    FROM named
    WINDOW same AS (PARTITION BY setting)
)

-- Benjamini and Hochberg: the smallest p * tested / place among this p-value and larger ones.
SELECT
    * EXCLUDE (setting, tested, place),
    CASE WHEN p_value IS NOT NULL THEN least(1, min(p_value * tested / place) OVER (
        PARTITION BY setting
        ORDER BY p_value DESC NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )) END AS q_value
FROM ranked;
COMMENT ON VIEW language_vision_alignment IS 'Alignment of every language model with every vision model (paper, Fig. 3, y axis), best layers named. score is the best of a layer table, selection_free what it would be had its pair of layers not been chosen by the same samples. q_value: p_value corrected for the model pairs of the same setting (Benjamini and Hochberg).';

CREATE OR REPLACE VIEW vision_alignment AS
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
    s.k, s.sigma, s.truncation, s.normalized, s.precision,
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

CREATE OR REPLACE VIEW bits_per_byte AS
SELECT
    model_id, text, sum(nats) / ln(2) / sum(bytes) AS bits_per_byte,
    1 - sum(nats) / ln(2) / sum(bytes) AS language_score,
    sum(tokens)::BIGINT AS tokens, sum(bytes)::BIGINT AS bytes, sum(documents)::BIGINT AS documents,
    budget, context, stride, starts_with, dtype AS precision, bits_version, unit_key,
    max(finished_at) AS finished_at
FROM bits
GROUP BY ALL
HAVING min(chunk) = -1
UNION ALL BY NAME
SELECT
    model_id, text, bits_per_byte, 1 - bits_per_byte AS language_score, unit_key,
    imported_at AS finished_at, collection
FROM imported_bits;
COMMENT ON VIEW bits_per_byte IS 'Bits per byte of every finished measurement: sum of nats / ln 2 / bytes of the scored text; where collection is not NULL somebody published it, and no more is known.';

CREATE VIEW predicted_texts AS
WITH compared AS (
    SELECT * FROM bits_per_byte
    -- Where measuring was corrected, older figures of a text do not stand beside newer ones.
    QUALIFY collection IS NOT NULL
        OR bits_version IS NOT DISTINCT FROM max(bits_version) OVER (PARTITION BY text)
),

named AS (
    SELECT
        * REPLACE (
            text || CASE
                WHEN documents < max(documents) OVER (PARTITION BY text)
                    THEN ', documents 1 to ' || documents
                ELSE ''
            END || CASE WHEN precision <> 'float32' THEN ', ' || precision ELSE '' END AS text
        )
    FROM compared
)

-- A model measured twice on the same stretch of a text counts once: with the newer figure.
SELECT '1 − bits per byte of ' || text AS skill, * FROM named
QUALIFY row_number() OVER (
    PARTITION BY model_id, text ORDER BY tokens IS NULL, finished_at DESC, unit_key
) = 1;
COMMENT ON VIEW predicted_texts IS 'How well models predict a text, a row per model and stretch of text: models that read more or fewer documents of it, or computed in another precision, have another skill.';

CREATE OR REPLACE VIEW solved AS
WITH current AS (
    -- Rows that are older than the precision count as float32.
    SELECT * REPLACE (coalesce(precision, 'float32') AS precision) FROM competence
    QUALIFY row_number() OVER (
        PARTITION BY model_id, task_id, layer_choice, coalesce(precision, 'float32')
        ORDER BY probe_version DESC, finished_at DESC, unit_key
    ) = 1
)

SELECT
    *,
    max(accuracy) OVER same AS best,
    accuracy >= 0.8 * max(accuracy) OVER same - 1e-12 AS solved,
    max(mean_per_class) OVER same AS best_per_class,
    mean_per_class >= 0.8 * max(mean_per_class) OVER same - 1e-12 AS solved_per_class
FROM current
WINDOW same AS (PARTITION BY task_id, layer_choice, precision);
COMMENT ON VIEW solved IS 'The newest probe of every model and task, and whether it is solved: a top-1 accuracy of at least 80 % of the best of all models (paper, Fig. 2; VTAB measures so); solved_per_class asks the same of the mean over classes, which imbalance cannot inflate.';

CREATE OR REPLACE VIEW vision_competence AS
WITH probed AS (
    SELECT layer_choice, precision, list(task_id ORDER BY task_id) AS task_set
    FROM solved
    GROUP BY model_id, layer_choice, precision
),

sets AS (SELECT DISTINCT * FROM probed)

SELECT
    s.model_id, s.layer_choice, s.precision, t.task_set,
    avg(s.solved::INTEGER) AS share_solved, avg(s.accuracy) AS mean_accuracy,
    avg(s.solved_per_class::INTEGER) AS share_solved_per_class,
    avg(s.mean_per_class) AS mean_per_class,
    count(*) AS tasks, list(s.task ORDER BY s.task) AS task_titles,
    max(s.finished_at) AS finished_at
FROM solved AS s
JOIN sets AS t
    ON t.layer_choice = s.layer_choice AND t.precision = s.precision
    AND list_contains(t.task_set, s.task_id)
GROUP BY s.model_id, s.layer_choice, s.precision, t.task_set
HAVING count(*) = len(t.task_set);
COMMENT ON VIEW vision_competence IS 'Share of tasks solved and mean accuracy, a row per set of tasks and model that was probed on all of it; the sets are those that models were probed on. Compare models within one task_set only.';

CREATE OR REPLACE VIEW skills AS
WITH probes AS (
    SELECT
        *,
        CASE layer_choice WHEN 'best' THEN ', best layer' ELSE '' END
        || CASE WHEN precision <> 'float32' THEN ', ' || precision ELSE '' END AS how
    FROM solved
),

counted AS (
    SELECT
        *,
        CASE layer_choice WHEN 'best' THEN ', best layer' ELSE '' END
        || CASE WHEN precision <> 'float32' THEN ', ' || precision ELSE '' END
        -- Sets of one number of tasks are told apart by their tasks.
        || CASE
            WHEN count(DISTINCT task_set::VARCHAR) OVER (
                PARTITION BY layer_choice, precision, tasks
            ) = 1 THEN ''
            WHEN tasks <= 4 THEN ' (' || array_to_string(task_titles, ', ') || ')'
            ELSE ' (' || array_to_string(task_titles[1:3], ', ') || ' and ' || (tasks - 3)
                || ' others, ' || left(md5(task_set::VARCHAR), 6) || ')'
        END AS how,
        'Tasks: ' || array_to_string(task_titles, ', ') || '.' AS listed
    FROM vision_competence
    WHERE tasks > 1
),

told AS (
    SELECT
        model_id,
        benchmark || CASE
            WHEN measure = '' AND shots IS NULL THEN ''
            ELSE ' (' || concat_ws(', ', nullif(measure, ''), shots || '-shot') || ')'
        END || ', ' || collection AS skill,
        score, stderr, false AS predicts_text, collection, source, license, note,
        imported_at AS known_at
    FROM benchmarks
    UNION ALL BY NAME
    SELECT
        model_id, 'linear probe of ' || task || how AS skill, accuracy AS score,
        sqrt(accuracy * (1 - accuracy) / test) AS stderr, false AS predicts_text,
        'measured here' AS collection, source, license,
        concat_ws(' ', 'Top-1 accuracy.', nullif(note, '')) AS note, finished_at AS known_at
    FROM probes
    UNION ALL BY NAME
    SELECT
        model_id, 'linear probe of ' || task || how || ', mean per class' AS skill,
        mean_per_class AS score, (interval_high - interval_low) / 3.92 AS stderr,
        false AS predicts_text, 'measured here' AS collection, source, license,
        concat_ws(' ', 'Accuracy, mean over classes.', nullif(note, '')) AS note,
        finished_at AS known_at
    FROM probes
    UNION ALL BY NAME
    SELECT
        model_id, told.skill, told.score, false AS predicts_text,
        'measured here' AS collection, told.note || ' ' || listed AS note,
        finished_at AS known_at
    FROM (
        SELECT *, unnest([
            {
                'skill': 'share of ' || tasks || ' tasks solved' || how,
                'score': share_solved,
                'note': 'Solved: at least 80 % of the best top-1 accuracy of all models probed.'
            },
            {
                'skill': 'share of ' || tasks || ' tasks solved' || how || ', mean per class',
                'score': share_solved_per_class,
                'note': 'Solved: at least 80 % of the best accuracy, mean over classes, of all models probed.'
            },
            {
                'skill': 'mean of ' || tasks || ' linear probes' || how,
                'score': mean_accuracy,
                'note': 'Mean top-1 accuracy.'
            },
            {
                'skill': 'mean of ' || tasks || ' linear probes' || how || ', mean per class',
                'score': mean_per_class,
                'note': 'Mean over tasks of the accuracy, itself a mean over classes.'
            }
        ]) AS told
        FROM counted
    )
    UNION ALL BY NAME
    SELECT
        model_id, skill, language_score AS score, true AS predicts_text,
        coalesce(collection, 'measured here') AS collection, finished_at AS known_at
    FROM predicted_texts
)

SELECT * FROM told;
COMMENT ON VIEW skills IS 'What models can do, a row per model and skill: benchmarks, linear probes, the share of a set of tasks solved, and how well they predict a text (1 - bits per byte). Compare within one skill only.';
