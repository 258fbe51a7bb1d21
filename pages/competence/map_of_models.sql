-- Where models of $modality lie on a map by -log(alignment) (paper, Fig. 2, right), the newest map of
-- the setting, with the models each agrees with most.
-- $method: umap or mds.
-- $skill: what competence is; null where nobody asks.
-- $families: of trained models to show, parted by '|'; empty shows all. Untrained models stay.
WITH pairs AS (
    SELECT model_a, label_a, model_b, label_b, score, q_value
    FROM alignment_within_modality
    WHERE modality = $modality
        AND dataset_id = $dataset_id
        AND row_order = $row_order
        AND n = $n
        AND metric = $metric
        AND k IS NOT DISTINCT FROM $k
        AND sigma IS NOT DISTINCT FROM $sigma
        AND truncation = $truncation
        AND normalized = $normalized
        AND pooling = $pooling
        AND prompt = $prompt
        AND precision IS NOT DISTINCT FROM $precision
),

-- A map that does not name its precision is of this one where no other was compared.
others AS (
    SELECT 1 FROM alignment_within_modality
    WHERE modality = $modality
        AND dataset_id = $dataset_id
        AND row_order = $row_order
        AND n = $n
        AND metric = $metric
        AND k IS NOT DISTINCT FROM $k
        AND pooling = $pooling
        AND prompt = $prompt
        AND precision IS DISTINCT FROM $precision
),

newest AS (
    SELECT * FROM maps
    WHERE dataset_id = $dataset_id
        AND row_order = $row_order
        AND n = $n
        AND metric = $metric
        AND k IS NOT DISTINCT FROM $k
        AND sigma IS NOT DISTINCT FROM $sigma
        AND truncation = $truncation
        AND normalized = $normalized
        AND (
            precision IS NOT DISTINCT FROM $precision
            OR (precision IS NULL AND NOT EXISTS (FROM others))
        )
        AND method = $method
        AND coalesce(pooling, 'own') = $pooling
        AND coalesce(prompt, 'none') = $prompt
        AND model_id IN (SELECT m.model_id FROM models AS m WHERE m.modality = $modality)
    QUALIFY unit_key = first_value(unit_key) OVER (
        ORDER BY precision IS NULL, models DESC, map_version DESC, finished_at DESC, unit_key
    )
),

sided AS (
    SELECT model_a AS model_id, label_b AS partner, score, q_value FROM pairs
    UNION ALL
    SELECT model_b AS model_id, label_a AS partner, score, q_value FROM pairs
),

closest AS (
    SELECT model_id, partner, score, q_value
    FROM sided
    QUALIFY row_number() OVER (PARTITION BY model_id ORDER BY score DESC, partner) <= 3
),

near AS (
    SELECT
        model_id,
        string_agg(
            partner || ' ' || format('{:.3f}', score)
            || CASE WHEN q_value IS NULL THEN '' ELSE format(' (q = {:.2g})', q_value) END,
            ', ' ORDER BY score DESC
        ) AS nearest
    FROM closest
    GROUP BY model_id
)

SELECT
    m.label,
    m.family,
    m.objective,
    m.trained,
    s.score AS competence,
    w.x,
    w.y,
    n.nearest,
    w.trustworthiness,
    w.neighbors,
    w.raised,
    w.floor,
    w.models,
    w.seed,
    w.model_id
FROM newest AS w
JOIN models AS m USING (model_id)
LEFT JOIN near AS n USING (model_id)
LEFT JOIN skills AS s ON s.model_id = w.model_id AND s.skill = $skill
WHERE $families = '' OR NOT m.trained OR m.family IN (SELECT unnest(string_split($families, '|')))
ORDER BY m.label
