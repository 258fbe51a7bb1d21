-- The feature files that a model can be scored with, a row per model: which dataset, and where they lie.
SELECT
    f.dataset_id,
    d.title AS dataset,
    f.row_order,
    f.n,
    m.modality,
    m.model_id,
    m.label,
    m.trained,
    f.precision,
    f.file
FROM feature_sets AS f
JOIN models AS m USING (model_id)
JOIN datasets AS d ON d.dataset_id = f.dataset_id AND d.row_order = f.row_order
QUALIFY row_number() OVER (
    PARTITION BY f.dataset_id, f.row_order, m.model_id ORDER BY f.finished_at DESC, f.unit_key
) = 1
ORDER BY count(*) OVER (PARTITION BY f.dataset_id, f.row_order) DESC, f.dataset_id, m.modality, m.label, m.model_id
