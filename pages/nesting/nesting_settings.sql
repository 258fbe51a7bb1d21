-- Under which settings pairs were tested for nesting, those of most pairs first.
SELECT
    n.dataset_id,
    n.row_order,
    n.k,
    n.n,
    n.truncation,
    x.modality AS modality_x,
    y.modality AS modality_y,
    any_value(d.title) || ', n = ' || n.n || ', k = ' || n.k || ', truncation ' || n.truncation AS setting,
    CASE
        WHEN x.modality = y.modality THEN x.modality || ' models among themselves'
        ELSE x.modality || ' with ' || y.modality
    END AS models,
    count(*) AS pairs
FROM nesting AS n
JOIN models AS x ON x.model_id = n.model_x
JOIN models AS y ON y.model_id = n.model_y
JOIN datasets AS d ON d.dataset_id = n.dataset_id AND d.row_order = n.row_order
GROUP BY n.dataset_id, n.row_order, n.k, n.n, n.truncation, x.modality, y.modality
ORDER BY x.modality = y.modality, pairs DESC, setting, models
