-- Version 15. Alignment of pairs of models, and the views that figures and readers ask.

-- One row per pair of models, metric and setting. For language against vision, x is the
-- language model.
CREATE TABLE scores (
    unit_key VARCHAR NOT NULL, -- Hash of everything that determines the score.
    run_id VARCHAR NOT NULL, -- The run that made it.
    features_x VARCHAR NOT NULL, -- unit_key of the feature set of x.
    features_y VARCHAR NOT NULL, -- unit_key of the feature set of y.
    model_x VARCHAR NOT NULL, -- First model.
    model_y VARCHAR NOT NULL, -- Second model.
    dataset_id VARCHAR NOT NULL, -- The pairs both models saw.
    row_order VARCHAR NOT NULL, -- Row order of those pairs: compare scores only where it is equal.
    pooling_x VARCHAR NOT NULL, -- How tokens or patches of x became one vector.
    prompt_x VARCHAR NOT NULL, -- Prompt round the caption for x.
    pooling_y VARCHAR NOT NULL, -- How tokens or patches of y became one vector.
    prompt_y VARCHAR NOT NULL, -- Prompt round the caption for y.
    metric VARCHAR NOT NULL, -- Registered name of the metric.
    k INTEGER, -- Neighbors per sample; NULL for metrics without k.
    n INTEGER NOT NULL, -- Samples compared. Mutual k-NN falls as n grows: never compare across n.
    truncation VARCHAR NOT NULL, -- Outlier truncation: exact, mean or none.
    normalized BOOLEAN NOT NULL, -- Whether rows were l2-normalized.
    score DOUBLE NOT NULL, -- Best over all layer pairs and the concatenated-layers candidate.
    layer_x INTEGER NOT NULL, -- Layer of x of that best, from 0; the last index stands for all layers concatenated.
    layer_y INTEGER NOT NULL, -- Layer of y of that best, likewise.
    single_layer_score DOUBLE NOT NULL, -- Best over pairs of single layers only, as in the released code.
    single_layer_x INTEGER NOT NULL, -- Layer of x of that best.
    single_layer_y INTEGER NOT NULL, -- Layer of y of that best.
    layer_names_x VARCHAR[] NOT NULL, -- Names of the rows of layer_table.
    layer_names_y VARCHAR[] NOT NULL, -- Names of the columns of layer_table.
    layer_table DOUBLE[][] NOT NULL, -- Score of every layer of x (outer) against every layer of y; NULL where a layer is constant.
    null_mean DOUBLE, -- Expected score of one pair of unrelated layers (mutual k-NN: k / (n - 1)).
    score_version INTEGER NOT NULL, -- Version of the scoring code; a higher one supersedes a lower one.
    finished_at TIMESTAMPTZ NOT NULL, -- When it was stored.
    sigma DOUBLE, -- Bandwidth asked for; NULL for metrics without one and for a metric's own default.
    permutations INTEGER, -- Relabeled tables the score was calibrated against; NULL or 0: none.
    seed BIGINT, -- Seed of the permutations and of the interval's resampling.
    null_best_mean DOUBLE, -- Mean best score of the whole layer table when the samples of y are relabeled.
    null_threshold DOUBLE, -- Best score that relabeled tables exceed in 5 % of cases: closer than this is significant at 0.05.
    p_value DOUBLE, -- Permutation p-value of score against the best of relabeled tables: (1 + as close or closer) / (1 + permutations).
    calibrated DOUBLE, -- score beyond null_threshold as a share of the way to the closest attainable: 0 at or short of it, 1 for identical; NULL where no attainable score is the closest.
    interval_low DOUBLE, -- Lower end of the confidence interval of the expected score of the pair of layers that was best, its choice undone; below score version 3 of score, its pair of layers held fixed.
    interval_high DOUBLE, -- Upper end of that interval.
    interval_level DOUBLE, -- Level of that interval, e.g. 0.95.
    interval_method VARCHAR, -- How the interval was made.
    selection_free DOUBLE, -- Median-unbiased estimate of the expected score of the pair of layers that was best, its having been chosen by the same samples undone; NULL without an interval and in rows of score versions below 3.
    tied_x DOUBLE, -- Share of the neighbors of x, at the best pair of layers, that row order alone chose among candidates equally near; NULL for metrics without neighbors. Where tied_x and tied_y are both large, score says little, whatever its p_value.
    tied_y DOUBLE -- The same of y.
);

-- scores without what a later extraction or scoring of the same setting superseded (of several
-- calibrations the one with most permutations), and imported_scores, which have no layer table.
-- precision is that of both feature sets, "float32 with bfloat16" where an older score mixed
-- two, NULL where nobody says.
CREATE VIEW current_scores AS
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

-- Alignment of every language model with every vision model (paper, Fig. 3, y axis), best
-- layers named. score is the best of a layer table, selection_free what it would be had its
-- pair of layers not been chosen by the same samples. q_value: p_value corrected for the model
-- pairs of the same setting (Benjamini and Hochberg).
CREATE VIEW language_vision_alignment AS
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

-- Alignment of models of one modality with each other, a row per unordered pair; a metric that
-- is not symmetric counts with the mean of both directions. null_best_mean: mean best score of
-- relabeled layer tables. q_value: p_value corrected for the pairs of the same setting
-- (Benjamini and Hochberg).
CREATE VIEW alignment_within_modality AS
WITH ordered AS (
    SELECT
        s.*, x.modality,
        least(s.model_x, s.model_y) AS model_a, greatest(s.model_x, s.model_y) AS model_b,
        -- A vision model has a pooling of its own; a caption's is chosen for both models alike.
        CASE x.modality WHEN 'language' THEN s.pooling_x ELSE 'own' END AS pooling,
        CASE x.modality WHEN 'language' THEN s.prompt_x ELSE 'none' END AS prompt
    FROM current_scores AS s
    JOIN models AS x ON x.model_id = s.model_x
    JOIN models AS y ON y.model_id = s.model_y AND y.modality = x.modality
    WHERE s.model_x <> s.model_y
        AND (
            x.modality <> 'language' OR (s.pooling_x = s.pooling_y AND s.prompt_x = s.prompt_y)
        )
),

paired AS (
    SELECT
        s.modality, s.dataset_id, d.title AS dataset, s.row_order, s.n, s.metric,
        coalesce(m.label, s.metric) AS metric_label,
        coalesce(m.higher_is_closer, true) AS higher_is_closer,
        s.k, s.sigma, s.truncation, s.normalized, s.precision, s.pooling, s.prompt,
        s.model_a, a.label AS label_a, a.family AS family_a, a.objective AS objective_a,
        a.trained AS trained_a,
        s.model_b, b.label AS label_b, b.family AS family_b, b.objective AS objective_b,
        b.trained AS trained_b,
        avg(s.score) AS score, avg(s.single_layer_score) AS single_layer_score,
        avg(s.calibrated) AS calibrated, avg(s.null_mean) AS chance,
        -- Of two directions both must be known, and the weaker evidence counts.
        CASE WHEN count(s.p_value) = count(*) THEN max(s.p_value) END AS p_value,
        CASE WHEN count(s.null_best_mean) = count(*) THEN avg(s.null_best_mean) END AS null_best_mean,
        CASE WHEN count(s.null_threshold) = count(*) THEN avg(s.null_threshold) END AS null_threshold,
        min(coalesce(s.permutations, 0)) AS permutations,
        count(*) AS directions,
        string_agg(DISTINCT s.run_id, ', ' ORDER BY s.run_id) AS runs,
        max(s.finished_at) AS finished_at
    FROM ordered AS s
    JOIN models AS a ON a.model_id = s.model_a
    JOIN models AS b ON b.model_id = s.model_b
    JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order
    LEFT JOIN metrics AS m ON m.name = s.metric
    GROUP BY ALL
),

ranked AS (
    SELECT
        *,
        count(p_value) OVER same AS tested,
        row_number() OVER (same ORDER BY p_value NULLS LAST) AS place
    FROM paired
    WINDOW same AS (
        PARTITION BY modality, dataset_id, row_order, n, metric, k, sigma, truncation, normalized,
                     precision, pooling, prompt
    )
)

-- Benjamini and Hochberg, as in language_vision_alignment.
SELECT
    * EXCLUDE (tested, place),
    CASE WHEN p_value IS NOT NULL THEN least(1, min(p_value * tested / place) OVER (
        PARTITION BY modality, dataset_id, row_order, n, metric, k, sigma, truncation, normalized,
                     precision, pooling, prompt
        ORDER BY p_value DESC NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )) END AS q_value
FROM ranked;

-- alignment_within_modality of vision models (paper, Fig. 2, left).
CREATE VIEW vision_alignment AS
SELECT * EXCLUDE (modality, pooling, prompt)
FROM alignment_within_modality
WHERE modality = 'vision';

-- The whole layer-by-layer table of every score, a row per pair of layers.
CREATE VIEW layer_scores AS
SELECT
    s.unit_key, s.model_x, s.model_y, s.dataset_id, s.metric, s.k, s.n, s.truncation, s.sigma,
    s.pooling_x, s.prompt_x, s.pooling_y, s.prompt_y,
    a.i - 1 AS layer_x, b.j - 1 AS layer_y,
    s.layer_names_x[a.i] AS layer_name_x, s.layer_names_y[b.j] AS layer_name_y,
    s.layer_table[a.i][b.j] AS score
FROM current_scores AS s,
    LATERAL (SELECT unnest(range(1, len(s.layer_names_x) + 1)) AS i) AS a,
    LATERAL (SELECT unnest(range(1, len(s.layer_names_y) + 1)) AS j) AS b;
