-- Everything that curves over the number of samples were made of, across modalities first.
WITH counted AS (
    SELECT
        x.modality AS modality_x,
        y.modality AS modality_y,
        c.dataset_id,
        c.row_order,
        d.title AS dataset,
        c.n,
        c.metric,
        coalesce(m.label, c.metric) AS metric_label,
        c.truncation,
        count(DISTINCT (c.features_x, c.features_y)) AS pairs
    FROM size_curves AS c
    JOIN models AS x ON x.model_id = c.model_x
    JOIN models AS y ON y.model_id = c.model_y
    JOIN datasets AS d ON d.dataset_id = c.dataset_id AND d.row_order = c.row_order
    LEFT JOIN metrics AS m ON m.name = c.metric
    GROUP BY ALL
)

FROM counted
ORDER BY
    modality_x <> 'language' OR modality_y <> 'vision', modality_x, modality_y, n DESC, dataset,
    pairs DESC, metric <> 'mutual_knn', metric_label, truncation, row_order
