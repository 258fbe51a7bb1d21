-- What pairs of models score on average over batches of their samples (paper, Fig. 12).

CREATE TABLE batch_scores (
    unit_key VARCHAR NOT NULL, run_id VARCHAR NOT NULL, features_x VARCHAR NOT NULL,
    features_y VARCHAR NOT NULL, model_x VARCHAR NOT NULL, model_y VARCHAR NOT NULL,
    dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL, pooling_x VARCHAR NOT NULL,
    prompt_x VARCHAR NOT NULL, pooling_y VARCHAR NOT NULL, prompt_y VARCHAR NOT NULL,
    metric VARCHAR NOT NULL, k INTEGER, sigma DOUBLE, truncation VARCHAR NOT NULL,
    normalized BOOLEAN NOT NULL, n INTEGER NOT NULL, batch INTEGER NOT NULL,
    batches INTEGER NOT NULL, seed BIGINT NOT NULL, score DOUBLE NOT NULL,
    layer_x INTEGER NOT NULL, layer_y INTEGER NOT NULL, layer_name_x VARCHAR NOT NULL,
    layer_name_y VARCHAR NOT NULL, score_version INTEGER NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE batch_scores IS 'One row per pair of feature sets, setting and batch size: the best of the mean of the layer tables of disjoint batches. Neither calibrated nor with an interval.';
COMMENT ON COLUMN batch_scores.unit_key IS 'Hash of the feature sets, the setting and the batches.';
COMMENT ON COLUMN batch_scores.run_id IS 'The run that computed it.';
COMMENT ON COLUMN batch_scores.features_x IS 'Feature set of side x, as in feature_sets.unit_key.';
COMMENT ON COLUMN batch_scores.features_y IS 'Feature set of side y.';
COMMENT ON COLUMN batch_scores.model_x IS 'Model of side x; across modalities the language model.';
COMMENT ON COLUMN batch_scores.model_y IS 'Model of side y.';
COMMENT ON COLUMN batch_scores.dataset_id IS 'What both models saw.';
COMMENT ON COLUMN batch_scores.row_order IS 'Order and identity of the samples.';
COMMENT ON COLUMN batch_scores.pooling_x IS 'How tokens became one vector, side x.';
COMMENT ON COLUMN batch_scores.prompt_x IS 'Prompt round the caption, side x.';
COMMENT ON COLUMN batch_scores.pooling_y IS 'How tokens became one vector, side y.';
COMMENT ON COLUMN batch_scores.prompt_y IS 'Prompt round the caption, side y.';
COMMENT ON COLUMN batch_scores.metric IS 'Registered name, as in metrics.name.';
COMMENT ON COLUMN batch_scores.k IS 'Neighbors per sample within its batch; NULL for metrics without.';
COMMENT ON COLUMN batch_scores.sigma IS 'Bandwidth asked for; NULL for metrics without one and for each batch''s own default.';
COMMENT ON COLUMN batch_scores.truncation IS 'Outlier truncation; it looked at all samples, before batches were cut.';
COMMENT ON COLUMN batch_scores.normalized IS 'Whether rows were l2-normalized.';
COMMENT ON COLUMN batch_scores.n IS 'Samples of the feature sets, all of them in one random order; n mod batch are in no batch.';
COMMENT ON COLUMN batch_scores.batch IS 'Samples a batch.';
COMMENT ON COLUMN batch_scores.batches IS 'Disjoint batches averaged over.';
COMMENT ON COLUMN batch_scores.seed IS 'Of the random order.';
COMMENT ON COLUMN batch_scores.score IS 'Best of the mean layer table, all layers side by side among them.';
COMMENT ON COLUMN batch_scores.layer_x IS 'Layer of that pair, side x, from 0; one past the last: all layers.';
COMMENT ON COLUMN batch_scores.layer_y IS 'Layer of that pair, side y.';
COMMENT ON COLUMN batch_scores.layer_name_x IS 'Its name, side x.';
COMMENT ON COLUMN batch_scores.layer_name_y IS 'Its name, side y.';
COMMENT ON COLUMN batch_scores.score_version IS 'Version of the scoring code.';
COMMENT ON COLUMN batch_scores.finished_at IS 'When.';

CREATE VIEW batch_alignment AS
WITH computed AS (
    SELECT
        s.*,
        CASE
            WHEN x.precision IS DISTINCT FROM y.precision
                THEN coalesce(x.precision, 'unknown') || ' with ' || coalesce(y.precision, 'unknown')
            ELSE x.precision
        END AS precision
    FROM batch_scores AS s
    LEFT JOIN feature_precision AS x ON x.unit_key = s.features_x
    LEFT JOIN feature_precision AS y ON y.unit_key = s.features_y
),

latest AS (
    SELECT * FROM computed
    QUALIFY row_number() OVER (
        PARTITION BY model_x, model_y, dataset_id, row_order, pooling_x, prompt_x, pooling_y,
                     prompt_y, metric, k, sigma, truncation, normalized, n, batch, precision
        ORDER BY score_version DESC, finished_at DESC, unit_key
    ) = 1
),

ordered AS (
    SELECT
        s.*,
        CASE WHEN x.modality = y.modality THEN x.modality END AS modality,
        x.modality = y.modality AND s.model_x > s.model_y AS swapped,
        -- A vision model has a pooling of its own.
        CASE x.modality WHEN 'language' THEN s.pooling_x ELSE 'own' END AS pooling,
        CASE x.modality WHEN 'language' THEN s.prompt_x ELSE 'none' END AS prompt
    FROM latest AS s
    JOIN models AS x ON x.model_id = s.model_x
    JOIN models AS y ON y.model_id = s.model_y
    WHERE s.model_x <> s.model_y
        AND (
            x.modality <> y.modality OR x.modality <> 'language'
            OR (s.pooling_x = s.pooling_y AND s.prompt_x = s.prompt_y)
        )
)

SELECT
    s.modality, s.dataset_id, s.row_order, s.n, s.batch, s.batches, s.metric,
    coalesce(m.label, s.metric) AS metric_label,
    coalesce(m.higher_is_closer, true) AS higher_is_closer,
    s.k, s.sigma, s.truncation, s.normalized, s.precision, s.pooling, s.prompt,
    CASE WHEN s.swapped THEN s.model_y ELSE s.model_x END AS model_a,
    CASE WHEN s.swapped THEN s.model_x ELSE s.model_y END AS model_b,
    avg(s.score) AS score,
    count(*) AS directions,
    string_agg(DISTINCT s.run_id, ', ' ORDER BY s.run_id) AS runs,
    max(s.finished_at) AS finished_at
FROM ordered AS s
LEFT JOIN metrics AS m ON m.name = s.metric
GROUP BY ALL;
COMMENT ON VIEW batch_alignment IS 'Mean alignment over batches, a row per pair of models, without what a later extraction or scoring superseded. modality: of both models, which are then unordered (a metric that is not symmetric counts with the mean of both directions); NULL: model_a is a language model, model_b a vision model.';
