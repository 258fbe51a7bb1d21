-- The newest record of each dataset in each row order.
INSERT INTO datasets BY NAME
SELECT * FROM incoming ANTI JOIN datasets USING (dataset_id, row_order)
QUALIFY row_number() OVER (PARTITION BY dataset_id, row_order ORDER BY recorded_at DESC) = 1;
