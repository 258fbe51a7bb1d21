-- What a model scores with itself: a noise ceiling needs a second view of the samples, and halves
-- of a layer's dimensions are none.

CREATE TABLE self_agreement (
    unit_key VARCHAR NOT NULL, run_id VARCHAR NOT NULL, features VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL, dataset_id VARCHAR NOT NULL, row_order VARCHAR NOT NULL,
    pooling VARCHAR NOT NULL, prompt VARCHAR NOT NULL, metric VARCHAR NOT NULL, k INTEGER,
    truncation VARCHAR NOT NULL, n INTEGER NOT NULL, score DOUBLE NOT NULL, scores DOUBLE[],
    method VARCHAR NOT NULL, second VARCHAR, seed BIGINT, score_version INTEGER NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE self_agreement IS 'One row per feature set, setting and method: what a model scores with itself, seen again (second view) or by halves of its dimensions (split half).';
COMMENT ON COLUMN self_agreement.unit_key IS 'Hash of the feature sets, the setting and the method.';
COMMENT ON COLUMN self_agreement.run_id IS 'The run that computed it.';
COMMENT ON COLUMN self_agreement.features IS 'Feature set, as in feature_sets.unit_key.';
COMMENT ON COLUMN self_agreement.model_id IS 'The model.';
COMMENT ON COLUMN self_agreement.dataset_id IS 'What the model saw.';
COMMENT ON COLUMN self_agreement.row_order IS 'Order and identity of the samples.';
COMMENT ON COLUMN self_agreement.pooling IS 'How tokens became one vector.';
COMMENT ON COLUMN self_agreement.prompt IS 'Prompt round the caption.';
COMMENT ON COLUMN self_agreement.metric IS 'Registered name, as in metrics.name.';
COMMENT ON COLUMN self_agreement.k IS 'Neighbors per sample; NULL for metrics without.';
COMMENT ON COLUMN self_agreement.truncation IS 'Outlier truncation.';
COMMENT ON COLUMN self_agreement.n IS 'Samples.';
COMMENT ON COLUMN self_agreement.score IS 'Best over pairs of layers, all layers side by side among them (second view); mean of scores (split half).';
COMMENT ON COLUMN self_agreement.scores IS 'Split half: the best layer''s score of every split; NULL for a second view.';
COMMENT ON COLUMN self_agreement.method IS '"second view: <which>", or "split half, <splits> splits".';
COMMENT ON COLUMN self_agreement.second IS 'Feature set of the second view, as in feature_sets.unit_key; NULL for split half.';
COMMENT ON COLUMN self_agreement.seed IS 'Of the splits; NULL for a second view.';
COMMENT ON COLUMN self_agreement.score_version IS 'Version of the scoring code.';
COMMENT ON COLUMN self_agreement.finished_at IS 'When.';

-- Nothing is lost: what was called a ceiling stays under its own name.
INSERT INTO self_agreement BY NAME SELECT * FROM noise_ceilings;
DROP TABLE noise_ceilings;

CREATE VIEW self_agreement_precision AS
SELECT
    s.*,
    CASE
        WHEN s.second IS NOT NULL AND x.precision IS DISTINCT FROM y.precision
            THEN coalesce(x.precision, 'unknown') || ' with ' || coalesce(y.precision, 'unknown')
        ELSE x.precision
    END AS precision
FROM self_agreement AS s
LEFT JOIN feature_precision AS x ON x.unit_key = s.features
LEFT JOIN feature_precision AS y ON y.unit_key = s.second;
COMMENT ON VIEW self_agreement_precision IS 'self_agreement with the precision of its feature sets, as in current_scores.';

CREATE VIEW noise_ceilings AS
SELECT * EXCLUDE (scores, seed) FROM self_agreement_precision WHERE starts_with(method, 'second view: ');
COMMENT ON VIEW noise_ceilings IS 'Noise ceilings: what a model scores with itself, shown a second view of the same samples. Bounds the expected agreement with a model that has the same signal and as much noise; with a model of less noise it can agree more.';

CREATE VIEW split_half_agreement AS
SELECT * EXCLUDE (second) FROM self_agreement_precision WHERE starts_with(method, 'split half, ');
COMMENT ON VIEW split_half_agreement IS 'Agreement of two random halves of a layer''s dimensions, best layer, mean over splits: how redundantly dimensions carry the representation. No ceiling: a model rotated scores 1 with itself whatever its halves score.';

COMMENT ON COLUMN caption_sets.kind IS 'own, joined, column, summary: captions that say more or less; first, shuffled, mixed: controls; caption: another person''s caption of each image; pixels, blur, gray, mirror, crop: pictures.';
COMMENT ON COLUMN caption_sets.control IS 'Whether it separates length, order or wording from what is said.';
COMMENT ON TABLE caption_sets IS 'Variants of a dataset: the same images in the same order, with other captions, or with changed pictures.';

-- Models of one modality with each other: what vision_alignment says of vision models, of language
-- models too, with what a best over a table of layers is held against, and q beside p.
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
COMMENT ON VIEW alignment_within_modality IS 'Alignment of models of one modality with each other, a row per unordered pair; a metric that is not symmetric counts with the mean of both directions. null_best_mean: mean best score of relabeled layer tables. q_value: p_value corrected for the pairs of the same setting (Benjamini and Hochberg).';

CREATE OR REPLACE VIEW vision_alignment AS
SELECT * EXCLUDE (modality, pooling, prompt)
FROM alignment_within_modality
WHERE modality = 'vision';
COMMENT ON VIEW vision_alignment IS 'alignment_within_modality of vision models (paper, Fig. 2, left).';

ALTER TABLE maps ADD COLUMN pooling VARCHAR;
ALTER TABLE maps ADD COLUMN prompt VARCHAR;
COMMENT ON TABLE maps IS 'Maps of models of one modality by -log(alignment), a row per model of every map (paper, Fig. 2, right).';
COMMENT ON COLUMN maps.pooling IS 'How a caption''s tokens became one vector; NULL for vision models, which have poolings of their own.';
COMMENT ON COLUMN maps.prompt IS 'Prompt round the caption; NULL for vision models.';
