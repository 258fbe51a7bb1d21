-- A unit done twice (two machines at once) is kept once: the first.
INSERT INTO simulated_nulls BY NAME
SELECT * FROM incoming ANTI JOIN simulated_nulls USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY metric, n, layers, width, unit_key;
