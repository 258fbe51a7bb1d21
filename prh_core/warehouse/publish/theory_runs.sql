-- A simulation run twice (two machines at once) is kept once: the first.
INSERT INTO theory_runs BY NAME
SELECT * FROM incoming ANTI JOIN theory_runs USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY unit_key;
