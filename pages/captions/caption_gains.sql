-- What a caption set scores beyond another of the same images: paired, with intervals. Sets next to
-- each other in words that nobody compared directly are compared by what both score beyond a third,
-- without an interval.
-- $base_id, $row_order, $metric, $k, $truncation, $precision: what is compared.
WITH variants AS (
    SELECT * FROM caption_sets
    WHERE base_id = $base_id AND row_order = $row_order
    QUALIFY row_number() OVER (PARTITION BY dataset_id ORDER BY finished_at DESC, unit_key) = 1
),

stored AS (
    SELECT
        from_id, to_id, vision_model, difference, interval_low, interval_high, score_from, score_to,
        language_models, vision_models, interval_level
    FROM caption_differences
    WHERE base_id = $base_id
        AND row_order = $row_order
        AND metric = $metric
        AND k IS NOT DISTINCT FROM $k
        AND truncation = $truncation
        -- Rows that are older than the precision do not name it.
        AND coalesce(precision, $precision) IS NOT DISTINCT FROM $precision
    QUALIFY row_number() OVER (
        PARTITION BY from_id, to_id, vision_model
        ORDER BY vision_models DESC, language_models DESC, finished_at DESC, unit_key
    ) = 1
),

-- Captions of people and summaries, from the shortest to the longest.
ladder AS (
    SELECT dataset_id, row_number() OVER (ORDER BY words, title) AS step
    FROM variants
    WHERE NOT control
        AND NOT pictures
        AND dataset_id IN (SELECT from_id FROM stored UNION SELECT to_id FROM stored)
),

neighbors AS (
    SELECT s.dataset_id AS shorter, l.dataset_id AS longer
    FROM ladder AS s
    JOIN ladder AS l ON l.step = s.step + 1
),

derived AS (
    SELECT
        n.shorter AS from_id,
        n.longer AS to_id,
        s.vision_model,
        l.score_to - s.score_to AS difference,
        NULL::DOUBLE AS interval_low,
        NULL::DOUBLE AS interval_high,
        s.score_to AS score_from,
        l.score_to,
        s.language_models,
        s.vision_models,
        NULL::DOUBLE AS interval_level
    FROM neighbors AS n
    JOIN stored AS s ON s.to_id = n.shorter
    JOIN stored AS l
        ON l.to_id = n.longer
        AND l.from_id = s.from_id
        AND l.vision_model IS NOT DISTINCT FROM s.vision_model
        AND l.language_models = s.language_models
        AND l.vision_models = s.vision_models
    WHERE NOT EXISTS (
        FROM stored AS d
        WHERE (d.from_id, d.to_id) IN ((n.shorter, n.longer), (n.longer, n.shorter))
            AND d.vision_model IS NOT DISTINCT FROM s.vision_model
    )
),

compared AS (
    FROM stored
    UNION ALL BY NAME
    FROM derived
)

SELECT
    CASE WHEN t.pictures THEN 'pictures as they are' ELSE f.title END AS from_set,
    t.title AS to_set,
    coalesce(m.label, 'all trained vision models') AS vision_label,
    d.difference,
    d.interval_low,
    d.interval_high,
    d.score_from,
    d.score_to,
    t.words - f.words AS words_more,
    t.control,
    t.pictures,
    t.kind,
    EXISTS (
        FROM neighbors AS n
        WHERE (n.shorter, n.longer) IN ((d.from_id, d.to_id), (d.to_id, d.from_id))
    ) AS adjacent,
    d.vision_model IS NULL AS overall,
    d.language_models,
    d.vision_models,
    d.interval_level
FROM compared AS d
JOIN variants AS f ON f.dataset_id = d.from_id
JOIN variants AS t ON t.dataset_id = d.to_id
LEFT JOIN models AS m ON m.model_id = d.vision_model
ORDER BY overall DESC, t.pictures, t.control, adjacent DESC, t.words, to_set, vision_label
