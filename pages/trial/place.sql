-- A model beside the others of its modality: alignment of each with every model of $modality, and the
-- place that it takes there. Mean over the models of $modality that all of them were compared with.
-- $model_id: the one that is looked at.
-- $dataset_id, $metric, $k, $truncation: the setting.
WITH sided AS (
    SELECT
        model_x AS model_id, label_x AS label, modality_x AS modality, trained_x AS trained,
        model_y AS partner_id, label_y AS partner, modality_y AS partner_modality,
        trained_y AS partner_trained, layer_x AS layer, layer_y AS partner_layer,
        tied_x AS tied, tied_y AS partner_tied, * EXCLUDE (trained_x, trained_y)
    FROM alignment
    UNION ALL BY NAME
    SELECT
        model_y AS model_id, label_y AS label, modality_y AS modality, trained_y AS trained,
        model_x AS partner_id, label_x AS partner, modality_x AS partner_modality,
        trained_x AS partner_trained, layer_y AS layer, layer_x AS partner_layer,
        tied_y AS tied, tied_x AS partner_tied, * EXCLUDE (trained_x, trained_y)
    FROM alignment
    WHERE modality_x <> modality_y
),

mine AS (
    SELECT DISTINCT modality, pooling, prompt, precision, row_order, n, normalized, sigma
    FROM sided
    WHERE model_id = $model_id
        AND dataset_id = $dataset_id
        AND partner_modality = $modality
        AND metric = $metric
        AND k IS NOT DISTINCT FROM $k
        AND truncation = $truncation
    -- Captions pooled and prompted as is the custom stand first.
    ORDER BY pooling <> 'mean', prompt <> 'none', pooling, prompt
    LIMIT 1
),

beside AS (
    SELECT s.*
    FROM sided AS s
    JOIN mine AS m
        ON s.modality = m.modality
        AND s.pooling = m.pooling
        AND s.prompt = m.prompt
        AND s.precision IS NOT DISTINCT FROM m.precision
        AND s.row_order = m.row_order
        AND s.n = m.n
        AND s.normalized = m.normalized
        AND s.sigma IS NOT DISTINCT FROM m.sigma
    WHERE s.dataset_id = $dataset_id
        AND s.partner_modality = $modality
        AND s.metric = $metric
        AND s.k IS NOT DISTINCT FROM $k
        AND s.truncation = $truncation
        -- The partners that the model has.
        AND s.partner_id IN (SELECT p.partner_id FROM sided AS p WHERE p.model_id = $model_id)
    -- A model with several poolings of its own stands with its best.
    QUALIFY row_number() OVER (
        PARTITION BY s.model_id, s.partner_id
        ORDER BY CASE WHEN s.higher_is_closer THEN -s.score ELSE s.score END, s.unit_key
    ) = 1
),

-- Where the sides are of one modality, a model is not compared with itself: means are over the
-- partners that all have but themselves.
common AS (
    SELECT partner_id
    FROM beside
    WHERE trained AND partner_trained
    GROUP BY partner_id
    HAVING count(DISTINCT model_id) >= (
        SELECT count(DISTINCT b.model_id) FROM beside AS b WHERE b.trained
    ) - ($modality = (SELECT modality FROM mine))::INTEGER
),

means AS (
    SELECT
        model_id,
        any_value(higher_is_closer) AS higher_is_closer,
        avg(score) AS mean_score,
        count(*) AS partners
    FROM beside
    WHERE trained AND partner_id IN (SELECT partner_id FROM common)
    GROUP BY model_id
),

placed AS (
    SELECT
        *,
        rank() OVER (
            ORDER BY CASE WHEN higher_is_closer THEN -mean_score ELSE mean_score END
        ) AS mean_place,
        count(*) OVER () AS mean_of
    FROM means
)

SELECT
    b.model_id = $model_id AS is_own,
    b.label,
    b.partner,
    b.score,
    b.interval_low,
    b.interval_high,
    b.null_threshold,
    b.null_best_mean,
    b.chance,
    b.p_value,
    b.q_value,
    b.layer,
    b.partner_layer,
    b.tied,
    b.partner_tied,
    b.trained,
    b.partner_trained,
    rank() OVER (
        PARTITION BY b.partner_id
        ORDER BY CASE WHEN b.higher_is_closer THEN -b.score ELSE b.score END
    ) AS place,
    count(*) OVER (PARTITION BY b.partner_id) AS of_models,
    avg(b.score) OVER (PARTITION BY b.partner_id) AS partner_mean,
    p.mean_score,
    p.mean_place,
    p.mean_of,
    p.partners AS mean_partners,
    b.metric_label,
    b.higher_is_closer,
    b.k,
    b.sigma,
    b.n,
    b.truncation,
    b.normalized,
    b.precision,
    b.permutations,
    b.dataset,
    b.row_order,
    b.pooling,
    b.prompt,
    b.model_id,
    b.partner_id,
    b.unit_key
FROM beside AS b
LEFT JOIN placed AS p USING (model_id)
ORDER BY CASE WHEN b.higher_is_closer THEN -partner_mean ELSE partner_mean END, b.partner, is_own DESC, b.label
