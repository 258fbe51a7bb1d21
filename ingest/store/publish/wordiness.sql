-- Captions counted twice (two machines at once) are kept once: the first.
INSERT INTO wordiness BY NAME
SELECT * FROM incoming ANTI JOIN wordiness USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY dataset_id, unit_key;
