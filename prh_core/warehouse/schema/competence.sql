-- Version 15. What models can do: linear probes (paper, Fig. 2), and every skill in one view.

-- One row per model, task and choice of layer: multinomial logistic regression on frozen
-- features of one layer, standardized, regularizer by an inner split.
CREATE TABLE competence (
    unit_key VARCHAR PRIMARY KEY, -- Hash of the model, the task's content and the way of probing.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    model_id VARCHAR NOT NULL, -- The model.
    revision VARCHAR NOT NULL, -- What was loaded.
    task_id VARCHAR NOT NULL, -- Catalog id of the task.
    task VARCHAR NOT NULL, -- Its title.
    task_group VARCHAR NOT NULL, -- natural, specialized or structured, as in VTAB.
    layer VARCHAR NOT NULL, -- Layer that was probed.
    layer_choice VARCHAR NOT NULL, -- last, or best: the layer that did best on the inner split.
    pooling VARCHAR NOT NULL, -- How its positions became one vector.
    width INTEGER NOT NULL, -- Its dimensions.
    accuracy DOUBLE NOT NULL, -- Share of test samples classified right.
    mean_per_class DOUBLE NOT NULL, -- Mean over classes of that share: what imbalance cannot inflate.
    interval_low DOUBLE NOT NULL, -- Lower end of the 95 % confidence interval of mean_per_class over test samples.
    interval_high DOUBLE NOT NULL, -- Upper end.
    regularizer DOUBLE NOT NULL, -- Inverse strength C that did best on the inner split.
    classes INTEGER NOT NULL, -- Number of classes.
    train INTEGER NOT NULL, -- Training samples, 10,000 at most.
    test INTEGER NOT NULL, -- Test samples, 10,000 at most.
    source VARCHAR NOT NULL, -- Where the task comes from.
    license VARCHAR NOT NULL, -- Its license.
    note VARCHAR NOT NULL, -- What to know before believing it.
    probe_version INTEGER NOT NULL, -- Version of the probing code.
    finished_at TIMESTAMPTZ NOT NULL, -- When.
    precision VARCHAR -- In which the network computed; NULL in rows that are older than this column.
);

-- The newest probe of every model and task, and whether it is solved: a top-1 accuracy of at
-- least 80 % of the best of all models (paper, Fig. 2; VTAB measures so); solved_per_class asks
-- the same of the mean over classes, which imbalance cannot inflate.
CREATE VIEW solved AS
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

-- Share of tasks solved and mean accuracy, a row per set of tasks and model that was probed on
-- all of it; the sets are those that models were probed on. Compare models within one task_set
-- only.
CREATE VIEW vision_competence AS
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

-- What models can do, a row per model and skill: benchmarks, linear probes, the share of a set
-- of tasks solved, and how well they predict a text (1 - bits per byte). Compare within one
-- skill only.
CREATE VIEW skills AS
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
