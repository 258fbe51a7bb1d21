-- Of every model its closest score across modalities, under the most customary setting it has.
INSERT INTO closest_models BY NAME
WITH sided AS (
    SELECT
        unnest([model_x, model_y]) AS model_id,
        unnest([model_y, model_x]) AS closest,
        unnest([label_y, label_x]) AS label,
        score, metric, k, dataset_id, row_order, higher_is_closer
    FROM alignment
    WHERE modality_x <> modality_y
),

-- Before anything is sorted: the metric and k that each model is compared under.
usual AS (
    SELECT model_id, published, metric, k
    FROM (SELECT DISTINCT model_id, row_order = 'unknown' AS published, metric, k FROM sided)
    QUALIFY row_number() OVER (
        PARTITION BY model_id
        ORDER BY published, metric <> 'mutual_knn', metric, abs(coalesce(k, 10) - 10), k
    ) = 1
)

SELECT s.model_id, s.closest, s.score, s.metric, s.k, s.dataset_id, s.row_order
FROM sided AS s
JOIN usual AS u
    ON u.model_id = s.model_id AND u.metric = s.metric AND u.k IS NOT DISTINCT FROM s.k
    AND u.published = (s.row_order = 'unknown')
QUALIFY row_number() OVER (
    PARTITION BY s.model_id
    ORDER BY
        CASE WHEN s.higher_is_closer THEN -s.score ELSE s.score END,
        s.label, s.closest, s.dataset_id, s.row_order
) = 1
ORDER BY s.model_id;
