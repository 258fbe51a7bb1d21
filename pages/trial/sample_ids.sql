-- Sample ids of a dataset in its order: what rows of features are.
SELECT position, sample_id
FROM samples
WHERE dataset_id = $dataset_id AND row_order = $row_order
ORDER BY position
