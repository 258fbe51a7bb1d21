-- Pairs of models of one setting whose samples' agreement is stored, the closest first.
WITH scored AS (
    SELECT
        a.*,
        CASE WHEN a.swapped THEN s.features_y ELSE s.features_x END AS features_x,
        CASE WHEN a.swapped THEN s.features_x ELSE s.features_y END AS features_y,
        g.unit_key AS agreement_key
    FROM alignment AS a
    JOIN scores AS s ON s.unit_key = a.unit_key AND s.dataset_id = a.dataset_id
    JOIN sample_agreement AS g
        ON g.features_x = s.features_x AND g.features_y = s.features_y AND g.k = s.k
        AND g.truncation = s.truncation AND g.layer_x = s.layer_x AND g.layer_y = s.layer_y
    WHERE
        a.modality_x = $modality_x
        AND a.modality_y = $modality_y
        AND
        -- include ../ui/queries/in_setting.sql
    QUALIFY row_number() OVER (
        PARTITION BY a.unit_key, a.swapped ORDER BY g.neighbors_version DESC, g.finished_at DESC, g.unit_key
    ) = 1
)

-- Two models under one label, or one model under two poolings, stay apart.
SELECT
    label_x || CASE
        WHEN count(DISTINCT model_x) OVER (PARTITION BY label_x) > 1 THEN ' [' || model_x || ']' ELSE ''
    END || CASE
        WHEN count(DISTINCT pooling_x) OVER (PARTITION BY model_x) > 1 THEN ', ' || pooling_x ELSE ''
    END AS label_x,
    label_y || CASE
        WHEN count(DISTINCT model_y) OVER (PARTITION BY label_y) > 1 THEN ' [' || model_y || ']' ELSE ''
    END || CASE
        WHEN count(DISTINCT pooling_y) OVER (PARTITION BY model_y) > 1 THEN ', ' || pooling_y ELSE ''
    END AS label_y,
    score,
    trained_x AND trained_y AS trained,
    q_value,
    layer_index_x AS best_x,
    layer_index_y AS best_y,
    features_x,
    features_y,
    agreement_key,
    truncation,
    k,
    n,
    dataset_id,
    row_order
FROM scored
ORDER BY NOT (trained_x AND trained_y), score DESC, label_x, label_y
