-- A unit done twice (two machines at once) is kept once: the first.
INSERT INTO competence BY NAME
SELECT * FROM incoming ANTI JOIN competence USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY finished_at, run_id) = 1
ORDER BY task_id, model_id, unit_key;
