-- A unit done twice (two machines at once) is kept once: the first.
INSERT INTO bits BY NAME
SELECT * FROM incoming ANTI JOIN bits USING (unit_key, chunk)
QUALIFY row_number() OVER (PARTITION BY unit_key, chunk ORDER BY finished_at, run_id) = 1
ORDER BY text, model_id, unit_key, chunk;
