-- Alignment of every language model with every vision model in one setting, the strongest first.
-- $concatenated: let "all layers side by side" compete with the single layers, as the paper does.
-- $untrained: show randomly initialised controls, too.
WITH shown AS (
    SELECT
        a.*,
        s.pooling_y AS vision_pooling,
        CASE WHEN $concatenated THEN a.score ELSE a.single_layer_score END AS alignment,
        CASE WHEN $concatenated THEN a.language_layer ELSE a.single_language_layer END AS best_language_layer,
        CASE WHEN $concatenated THEN a.vision_layer ELSE a.single_vision_layer END AS best_vision_layer
    FROM language_vision_alignment AS a
    JOIN current_scores AS s USING (unit_key)
    WHERE a.dataset_id = $dataset_id
        AND a.row_order = $row_order
        AND a.metric = $metric
        AND a.k IS NOT DISTINCT FROM $k
        AND a.truncation = $truncation
        AND s.normalized = $normalized
        AND a.pooling = $pooling
        AND a.prompt = $prompt
        AND ($untrained OR (a.language_trained AND a.vision_trained))
),

-- Two models under one label, or one model under two poolings, stay apart.
named AS (
    SELECT
        * REPLACE (
            language_label || CASE
                WHEN count(DISTINCT language_model) OVER (PARTITION BY language_label) > 1
                    THEN ' [' || language_model || ']'
                ELSE ''
            END AS language_label,
            vision_label || CASE
                WHEN count(DISTINCT vision_model) OVER (PARTITION BY vision_label) > 1
                    THEN ' [' || vision_model || ']'
                ELSE ''
            END || CASE
                WHEN count(DISTINCT vision_pooling) OVER (PARTITION BY vision_model) > 1
                    THEN ', ' || vision_pooling
                ELSE ''
            END AS vision_label
        )
    FROM shown
)

SELECT
    language_label,
    vision_label,
    alignment,
    chance,
    best_language_layer AS language_layer,
    best_vision_layer AS vision_layer,
    CASE WHEN language_trained THEN language_family ELSE 'untrained' END AS language_group,
    CASE WHEN vision_trained THEN vision_family ELSE 'untrained' END AS vision_group,
    language_parameters,
    vision_parameters,
    avg(alignment) OVER (PARTITION BY language_label) AS language_mean,
    avg(alignment) OVER (PARTITION BY vision_label) AS vision_mean,
    language_model,
    vision_model,
    unit_key
FROM named
ORDER BY alignment DESC, language_label, vision_label
