-- A set made twice is kept once: the first.
INSERT INTO caption_sets BY NAME
SELECT * FROM incoming ANTI JOIN caption_sets USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY base_id, dataset_id, unit_key;
