-- Version 17. Alignment on average over batches of samples (paper, Fig. 12).

-- One row per pair of feature sets, setting and batch size: the best of the mean of the layer
-- tables of disjoint batches. Neither calibrated nor with an interval.
CREATE TABLE batch_scores (
    unit_key VARCHAR NOT NULL, -- Hash of the feature sets, the setting and the batches.
    run_id VARCHAR NOT NULL, -- The run that computed it.
    features_x VARCHAR NOT NULL, -- Feature set of side x, as in feature_sets.unit_key.
    features_y VARCHAR NOT NULL, -- Feature set of side y.
    model_x VARCHAR NOT NULL, -- Model of side x; across modalities the language model.
    model_y VARCHAR NOT NULL, -- Model of side y.
    dataset_id VARCHAR NOT NULL, -- What both models saw.
    row_order VARCHAR NOT NULL, -- Order and identity of the samples.
    pooling_x VARCHAR NOT NULL, -- How tokens became one vector, side x.
    prompt_x VARCHAR NOT NULL, -- Prompt round the caption, side x.
    pooling_y VARCHAR NOT NULL, -- How tokens became one vector, side y.
    prompt_y VARCHAR NOT NULL, -- Prompt round the caption, side y.
    metric VARCHAR NOT NULL, -- Registered name, as in metrics.name.
    k INTEGER, -- Neighbors per sample within its batch; NULL for metrics without.
    sigma DOUBLE, -- Bandwidth asked for; NULL for metrics without one and for each batch's own default.
    truncation VARCHAR NOT NULL, -- Outlier truncation; it looked at all samples, before batches were cut.
    normalized BOOLEAN NOT NULL, -- Whether rows were l2-normalized.
    n INTEGER NOT NULL, -- Samples of the feature sets, all of them in one random order; n mod batch are in no batch.
    batch INTEGER NOT NULL, -- Samples a batch.
    batches INTEGER NOT NULL, -- Disjoint batches averaged over.
    seed BIGINT NOT NULL, -- Of the random order.
    score DOUBLE NOT NULL, -- Best of the mean layer table, all layers side by side among them.
    layer_x INTEGER NOT NULL, -- Layer of that pair, side x, from 0; one past the last: all layers.
    layer_y INTEGER NOT NULL, -- Layer of that pair, side y.
    layer_name_x VARCHAR NOT NULL, -- Its name, side x.
    layer_name_y VARCHAR NOT NULL, -- Its name, side y.
    score_version INTEGER NOT NULL, -- Version of the scoring code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- Mean alignment over batches, a row per pair of models, without what a later extraction or
-- scoring superseded. modality: of both models, which are then unordered (a metric that is not
-- symmetric counts with the mean of both directions); NULL: model_a is a language model,
-- model_b a vision model.
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
        -- Models that read no captions have a pooling of their own.
        CASE x.modality WHEN 'language' THEN s.pooling_x ELSE 'own' END AS pooling,
        CASE x.modality WHEN 'language' THEN s.prompt_x ELSE 'none' END AS prompt
    FROM latest AS s
    JOIN models AS x ON x.model_id = s.model_x
    JOIN models AS y ON y.model_id = s.model_y
    WHERE s.model_x <> s.model_y
        AND (
            (x.modality = 'language' AND y.modality = 'vision')
            OR (x.modality = y.modality AND x.modality <> 'language')
            OR (
                x.modality = 'language' AND y.modality = 'language'
                AND s.pooling_x = s.pooling_y AND s.prompt_x = s.prompt_y
            )
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
