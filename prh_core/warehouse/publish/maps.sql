-- A map made twice (two machines at once) is kept once: the first.
INSERT INTO maps BY NAME
SELECT * FROM incoming ANTI JOIN maps USING (unit_key, model_id)
QUALIFY row_number() OVER (PARTITION BY unit_key, model_id ORDER BY finished_at, run_id) = 1
ORDER BY unit_key, model_id;
