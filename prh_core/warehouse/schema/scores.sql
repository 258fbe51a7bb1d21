-- Version 16. Scores of pairs of models, with their layer tables.

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

-- Scores that a later extraction or scoring of the same setting superseded (of several
-- calibrations the one with most permutations counts). Derived from scores at publishing.
CREATE TABLE superseded (
    unit_key VARCHAR NOT NULL -- Names the score that counts no more.
);

-- Every score, superseded or not, with the precision of both feature sets: "float32 with
-- bfloat16" where an older score mixed two, NULL where nobody says.
CREATE VIEW scores_with_precision AS
SELECT
    s.*,
    CASE
        WHEN x.precision IS DISTINCT FROM y.precision
            THEN coalesce(x.precision, 'unknown') || ' with ' || coalesce(y.precision, 'unknown')
        ELSE x.precision
    END AS precision
FROM scores AS s
LEFT JOIN feature_precision AS x ON x.unit_key = s.features_x
LEFT JOIN feature_precision AS y ON y.unit_key = s.features_y;

-- scores_with_precision without what is superseded, and imported_scores, which have no layer
-- table.
CREATE VIEW current_scores AS
SELECT * FROM scores_with_precision ANTI JOIN superseded USING (unit_key)
UNION ALL BY NAME
SELECT
    * EXCLUDE (collection, source, imported_at),
    score AS single_layer_score, imported_at AS finished_at
FROM imported_scores;

-- The whole layer-by-layer table of every score, a row per pair of layers.
CREATE VIEW layer_scores AS
WITH cells AS (
    SELECT
        * EXCLUDE (score, layer_x, layer_y),
        unnest(range(len(layer_names_x) * len(layer_names_y))) AS cell
    FROM current_scores
),

placed AS (
    SELECT *, cell // len(layer_names_y) AS layer_x, cell % len(layer_names_y) AS layer_y
    FROM cells
)

SELECT
    unit_key, model_x, model_y, dataset_id, metric, k, n, truncation, sigma, pooling_x, prompt_x,
    pooling_y, prompt_y, layer_x, layer_y,
    layer_names_x[layer_x + 1] AS layer_name_x, layer_names_y[layer_y + 1] AS layer_name_y,
    layer_table[layer_x + 1][layer_y + 1] AS score
FROM placed;
