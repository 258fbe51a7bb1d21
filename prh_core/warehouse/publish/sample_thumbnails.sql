-- The newest picture of each sample; a part is made anew where pictures changed.
INSERT INTO sample_thumbnails BY NAME
SELECT * FROM incoming ANTI JOIN sample_thumbnails USING (dataset_id, row_order, position)
QUALIFY row_number() OVER (
    PARTITION BY dataset_id, row_order, position ORDER BY recorded_at DESC, content_hash
) = 1
ORDER BY dataset_id, row_order, position;
