-- A unit done twice (two machines at once) is kept once: the first.
INSERT INTO hubness BY NAME
SELECT * FROM incoming ANTI JOIN hubness USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key, layer ORDER BY finished_at, run_id) = 1
ORDER BY dataset_id, k, truncation, model_id, unit_key, layer;
