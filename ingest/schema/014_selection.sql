-- A best score's choice undone, and how much of a score row order decided.

ALTER TABLE scores ADD COLUMN selection_free DOUBLE;
ALTER TABLE scores ADD COLUMN tied_x DOUBLE;
ALTER TABLE scores ADD COLUMN tied_y DOUBLE;
COMMENT ON COLUMN scores.selection_free IS 'Median-unbiased estimate of the expected score of the pair of layers that was best, its having been chosen by the same samples undone; NULL without an interval and in rows of score versions below 3.';
COMMENT ON COLUMN scores.tied_x IS 'Share of the neighbours of x, at the best pair of layers, that row order alone chose among candidates equally near; NULL for metrics without neighbours. Where tied_x and tied_y are both large, score says little, whatever its p_value.';
COMMENT ON COLUMN scores.tied_y IS 'The same of y.';
COMMENT ON COLUMN scores.interval_low IS 'Lower end of the confidence interval of the expected score of the pair of layers that was best, its choice undone; below score version 3 of score, its pair of layers held fixed.';

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
