-- One part per dataset and row order, so a sample stands in several parts only after a change of
-- caption; the newest part wins.
INSERT INTO samples BY NAME
SELECT * EXCLUDE (recorded_at) FROM read_parquet($parts, union_by_name = true)
QUALIFY row_number() OVER (
    PARTITION BY dataset_id, row_order, position ORDER BY recorded_at DESC
) = 1
ORDER BY dataset_id, row_order, position;
