-- Which pair stands furthest above its closest untrained control?
WITH shown AS (
    FROM language_vision_alignment
    WHERE metric = 'mutual_knn' AND k = 10 AND truncation = 'exact'
),

held_against AS (
    SELECT a.unit_key, max(c.score) AS closest_control
    FROM shown AS a
    JOIN shown AS c ON c.dataset_id = a.dataset_id AND c.row_order = a.row_order
        AND c.precision IS NOT DISTINCT FROM a.precision
        AND (
            (c.language_model = a.language_model AND NOT c.vision_trained)
            OR (c.vision_model = a.vision_model AND NOT c.language_trained)
        )
    GROUP BY a.unit_key
)

SELECT
    dataset, language_label, vision_label, score, closest_control,
    score - closest_control AS beyond_control, q_value
FROM shown
JOIN held_against USING (unit_key)
WHERE language_trained AND vision_trained
ORDER BY beyond_control DESC
