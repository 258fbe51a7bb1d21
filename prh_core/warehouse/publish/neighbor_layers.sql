-- A unit done twice (two machines at once) is kept once: the first.
INSERT INTO neighbor_layers BY NAME
SELECT * FROM incoming ANTI JOIN neighbor_layers USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY dataset_id, model_id, truncation, layer, unit_key;
