-- Version 17. Models while they are trained: alignment by step, and what is measured beside it.

-- One row per step of a training that was probed and reference it was held against: the best score
-- over pairs of single layers, the live model's against those of stored features.
CREATE TABLE training_scores (
    unit_key VARCHAR PRIMARY KEY, -- Hash of the training's name, the step, the reference's features and the setting.
    run_id VARCHAR NOT NULL, -- The run that probed it; a training that was resumed has several.
    training VARCHAR NOT NULL, -- Name of the training; under it a resumed training goes on.
    model_label VARCHAR NOT NULL, -- What the model in training is called.
    step BIGINT NOT NULL, -- Optimizer steps trained; 0 before the first.
    reference VARCHAR NOT NULL, -- Id of the model it was held against, or the name given to arrays.
    reference_features VARCHAR, -- Key of the reference's feature set; NULL for arrays.
    dataset_id VARCHAR NOT NULL, -- Whose samples the probe set is.
    row_order VARCHAR, -- Order and identity of that dataset's samples; NULL where the training knew only a name for them.
    n INTEGER NOT NULL, -- Samples of the probe set: the first of one random order, or all.
    pooling VARCHAR NOT NULL, -- How positions of the live model became one vector; empty where a function of the training's own did it.
    prompt VARCHAR NOT NULL, -- Template around captions, none without.
    precision VARCHAR NOT NULL, -- Of the weights in training; the probe computes in it, without autocast.
    metric VARCHAR NOT NULL, -- Metric.
    k INTEGER, -- Its neighbors; NULL for metrics without.
    truncation VARCHAR NOT NULL, -- exact, mean or none.
    permutations INTEGER NOT NULL, -- Relabelings behind the p-value; 0 without.
    seed INTEGER NOT NULL, -- Of the relabelings.
    score DOUBLE NOT NULL, -- Best over pairs of layers.
    layer VARCHAR NOT NULL, -- The live model's layer there.
    reference_layer VARCHAR NOT NULL, -- The reference's.
    last_layer_score DOUBLE, -- Best over the reference's layers with the live model's last layer alone, which what was learned reaches though the best is an early layer; NULL where that layer cannot be compared.
    p_value DOUBLE, -- Permutation p-value of the best over layers; NULL without permutations.
    null_threshold DOUBLE, -- What the best of a relabeled table stays within, 95 times in 100; NULL without permutations.
    set_aside VARCHAR[] NOT NULL, -- Layers of the live model that cannot be compared: the same for every sample, or zero for one.
    probe_seconds DOUBLE NOT NULL, -- What the probe took, all references together, without storing and logging.
    seconds_since DOUBLE NOT NULL, -- From the end of the last probe to this one's begin; 0 for the first.
    training_version INTEGER NOT NULL, -- Version of the probing code.
    finished_at TIMESTAMPTZ NOT NULL -- When.
);

-- Numbers of a training at its own steps, one row each: loss, bits per byte, whatever it logged.
CREATE TABLE training_measures (
    training VARCHAR NOT NULL, -- Name of the training.
    step BIGINT NOT NULL, -- Optimizer steps trained.
    measure VARCHAR NOT NULL, -- What was measured, e.g. loss (nats), eval_bits_per_byte.
    "value" DOUBLE, -- The number; NULL where it was not finite.
    run_id VARCHAR NOT NULL, -- The run that was told.
    finished_at TIMESTAMPTZ NOT NULL, -- When.
    PRIMARY KEY (training, step, measure)
);

-- Curves: alignment by step, with titles. Where a training was resumed, or begun again, from a step
-- before the last, what came after that step the first time is left out.
CREATE VIEW training_curves AS
WITH sessions AS (
    SELECT
        training, reference, dataset_id, row_order, n, metric, k, truncation, run_id,
        min(step) AS first_step, min(finished_at) AS began
    FROM training_scores
    GROUP BY ALL
)

SELECT
    s.* EXCLUDE (unit_key),
    coalesce(r.label, s.reference) AS reference_label, r.modality AS reference_modality,
    coalesce(d.title, s.dataset_id) AS dataset,
    coalesce(m.label, s.metric) AS metric_label,
    coalesce(m.higher_is_closer, true) AS higher_is_closer,
    -- Two graphs without anything to do with each other share k of n - 1; of one pair of layers.
    CASE WHEN s.metric = 'mutual_knn' THEN s.k / (s.n - 1) END AS chance,
    s.probe_seconds / nullif(s.probe_seconds + s.seconds_since, 0) AS share_of_time
FROM training_scores AS s
JOIN sessions AS own USING (
    training, reference, dataset_id, n, metric, truncation, run_id
)
LEFT JOIN models AS r ON r.model_id = s.reference
LEFT JOIN datasets AS d ON d.dataset_id = s.dataset_id AND d.row_order = s.row_order
LEFT JOIN metrics AS m ON m.name = s.metric
WHERE own.row_order IS NOT DISTINCT FROM s.row_order AND own.k IS NOT DISTINCT FROM s.k
    AND NOT EXISTS (
        SELECT 1 FROM sessions AS later
        WHERE later.training = s.training AND later.reference = s.reference
            AND later.dataset_id = s.dataset_id AND later.n = s.n AND later.metric = s.metric
            AND later.truncation = s.truncation
            AND later.row_order IS NOT DISTINCT FROM s.row_order
            AND later.k IS NOT DISTINCT FROM s.k
            AND later.began > own.began AND later.first_step <= s.step
    );
