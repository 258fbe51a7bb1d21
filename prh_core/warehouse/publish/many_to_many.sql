-- A unit done twice (two machines at once) is kept once: the first.
INSERT INTO many_to_many BY NAME
SELECT * FROM incoming ANTI JOIN many_to_many USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY dataset_id, metric, model_x, model_y, unit_key;
