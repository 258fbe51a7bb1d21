-- The newest class of each sample; a part is made anew where classes changed.
INSERT INTO sample_labels BY NAME
SELECT * FROM incoming ANTI JOIN sample_labels USING (dataset_id, row_order, position)
QUALIFY row_number() OVER (
    PARTITION BY dataset_id, row_order, position ORDER BY recorded_at DESC, label
) = 1
ORDER BY dataset_id, row_order, position;
