-- A check made twice (two machines at once) is kept once: the first.
INSERT INTO metric_checks BY NAME
SELECT * FROM incoming ANTI JOIN metric_checks USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY unit_key;
