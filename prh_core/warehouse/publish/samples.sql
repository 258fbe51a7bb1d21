-- One part per dataset and row order, so a sample stands in several parts only after a change of
-- caption; the newest part wins, one that was passed on without texts after all others.
INSERT INTO samples BY NAME
SELECT * FROM incoming ANTI JOIN samples USING (dataset_id, row_order, position)
QUALIFY row_number() OVER (
    PARTITION BY dataset_id, row_order, position ORDER BY caption <> '' DESC, recorded_at DESC
) = 1
ORDER BY dataset_id, row_order, position;
