-- A pair counted twice (two machines at once) is kept once: the first.
INSERT INTO sample_agreement BY NAME
SELECT * FROM incoming ANTI JOIN sample_agreement USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY dataset_id, truncation, k, model_x, model_y, unit_key;
