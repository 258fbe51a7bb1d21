-- The newest numbers of each picture; a part is made anew where pictures changed.
INSERT INTO picture_statistics BY NAME
SELECT * FROM incoming ANTI JOIN picture_statistics USING (dataset_id, row_order, position)
QUALIFY row_number() OVER (
    PARTITION BY dataset_id, row_order, position ORDER BY recorded_at DESC, brightness
) = 1
ORDER BY dataset_id, row_order, position;
