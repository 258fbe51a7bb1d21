-- Calibration against relabeled tables, intervals, and what each metric is.

DROP VIEW layer_scores;
DROP VIEW language_vision_alignment;
DROP VIEW current_scores;

ALTER TABLE scores ADD COLUMN sigma DOUBLE;
ALTER TABLE scores ADD COLUMN permutations INTEGER;
ALTER TABLE scores ADD COLUMN seed BIGINT;
ALTER TABLE scores ADD COLUMN null_best_mean DOUBLE;
ALTER TABLE scores ADD COLUMN null_threshold DOUBLE;
ALTER TABLE scores ADD COLUMN p_value DOUBLE;
ALTER TABLE scores ADD COLUMN calibrated DOUBLE;
ALTER TABLE scores ADD COLUMN interval_low DOUBLE;
ALTER TABLE scores ADD COLUMN interval_high DOUBLE;
ALTER TABLE scores ADD COLUMN interval_level DOUBLE;
ALTER TABLE scores ADD COLUMN interval_method VARCHAR;
COMMENT ON COLUMN scores.sigma IS 'Bandwidth asked for; NULL for metrics without one and for a metric''s own default.';
COMMENT ON COLUMN scores.permutations IS 'Relabeled tables the score was calibrated against; NULL or 0: none.';
COMMENT ON COLUMN scores.seed IS 'Seed of the permutations and of the interval''s resampling.';
COMMENT ON COLUMN scores.null_best_mean IS 'Mean best score of the whole layer table when the samples of y are relabeled.';
COMMENT ON COLUMN scores.null_threshold IS 'Best score that relabeled tables exceed in 5 % of cases: closer than this is significant at 0.05.';
COMMENT ON COLUMN scores.p_value IS 'Permutation p-value of score against the best of relabeled tables: (1 + as close or closer) / (1 + permutations).';
COMMENT ON COLUMN scores.calibrated IS 'score beyond null_threshold as a share of the way to the closest attainable: 0 at or short of it, 1 for identical; NULL where no attainable score is the closest.';
COMMENT ON COLUMN scores.interval_low IS 'Lower end of the confidence interval of score, its pair of layers held fixed.';
COMMENT ON COLUMN scores.interval_high IS 'Upper end of that interval.';
COMMENT ON COLUMN scores.interval_level IS 'Level of that interval, e.g. 0.95.';
COMMENT ON COLUMN scores.interval_method IS 'How the interval was made.';

CREATE TABLE metrics (
    name VARCHAR PRIMARY KEY, label VARCHAR NOT NULL, family VARCHAR NOT NULL,
    is_symmetric BOOLEAN NOT NULL, uses_all_samples BOOLEAN NOT NULL, ordinal BOOLEAN NOT NULL,
    batchable BOOLEAN NOT NULL, uses_k BOOLEAN NOT NULL, lowest DOUBLE, highest DOUBLE,
    higher_is_closer BOOLEAN NOT NULL, direction VARCHAR NOT NULL, equation VARCHAR NOT NULL,
    citation VARCHAR NOT NULL
);
COMMENT ON TABLE metrics IS 'One row per alignment metric, with the properties of the paper''s Fig. 11.';
COMMENT ON COLUMN metrics.name IS 'Registered name, as in scores.metric.';
COMMENT ON COLUMN metrics.label IS 'Name used in charts.';
COMMENT ON COLUMN metrics.family IS 'Metrics that share the preparation of a model''s layers.';
COMMENT ON COLUMN metrics.is_symmetric IS 'Swapping the models leaves the score as it is.';
COMMENT ON COLUMN metrics.uses_all_samples IS 'The paper''s "global": every pair of samples counts, not only near ones.';
COMMENT ON COLUMN metrics.ordinal IS 'The order of neighbors counts, not only who they are.';
COMMENT ON COLUMN metrics.batchable IS 'Can be estimated from batches.';
COMMENT ON COLUMN metrics.uses_k IS 'Depends on a number of neighbors k.';
COMMENT ON COLUMN metrics.lowest IS 'Lowest attainable score.';
COMMENT ON COLUMN metrics.highest IS 'Highest attainable score.';
COMMENT ON COLUMN metrics.higher_is_closer IS 'False where a score is a distance.';
COMMENT ON COLUMN metrics.direction IS 'Which way an asymmetric metric runs; empty for symmetric ones.';
COMMENT ON COLUMN metrics.equation IS 'Definition.';
COMMENT ON COLUMN metrics.citation IS 'Where it was published.';

CREATE VIEW current_scores AS
SELECT * FROM scores
QUALIFY row_number() OVER (
    PARTITION BY model_x, model_y, dataset_id, row_order, pooling_x, prompt_x, pooling_y, prompt_y,
                 metric, k, n, truncation, normalized, sigma
    ORDER BY score_version DESC, coalesce(permutations, 0) DESC, finished_at DESC, unit_key
) = 1;
COMMENT ON VIEW current_scores IS 'scores without what a later extraction or scoring of the same setting superseded; of several calibrations the one with most permutations.';

CREATE VIEW language_vision_alignment AS
WITH named AS (
    SELECT
        s.score, s.null_mean AS chance, s.calibrated, s.p_value, s.null_threshold,
        s.null_best_mean, s.interval_low, s.interval_high, s.interval_level, s.interval_method,
        s.permutations, s.seed,
        s.metric, coalesce(m.label, s.metric) AS metric_label,
        coalesce(m.higher_is_closer, true) AS higher_is_closer,
        s.k, s.sigma, s.n, s.truncation, s.normalized, s.pooling_x AS pooling, s.pooling_y,
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
        d.dataset_id, d.title AS dataset, d.row_order, s.run_id, s.unit_key, s.finished_at,
        row(
            d.dataset_id, d.row_order, s.metric, s.k, s.n, s.truncation, s.normalized, s.sigma,
            s.pooling_x, s.prompt_x
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
COMMENT ON VIEW language_vision_alignment IS 'Alignment of every language model with every vision model (paper, Fig. 3, y axis), best layers named. q_value: p_value corrected for the model pairs of the same setting (Benjamini and Hochberg).';

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
COMMENT ON VIEW layer_scores IS 'The whole layer-by-layer table of every score, a row per pair of layers.';
