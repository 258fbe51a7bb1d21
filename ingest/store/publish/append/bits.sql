-- A unit done twice (two machines at once) is kept once: the first.
INSERT INTO bits BY NAME
SELECT * FROM read_parquet($parts, union_by_name = true)
QUALIFY row_number() OVER (PARTITION BY unit_key, chunk ORDER BY finished_at, run_id) = 1
ORDER BY text, model_id, unit_key, chunk;
