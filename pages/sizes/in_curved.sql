-- What is shown of what was made: rows c of models x and y.
x.modality = $modality_x
AND y.modality = $modality_y
AND c.dataset_id = $dataset_id
AND c.row_order = $row_order
AND c.metric = $metric
AND c.truncation = $truncation
AND c.n = $n
