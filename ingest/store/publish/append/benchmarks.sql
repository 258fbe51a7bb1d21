-- The same thing imported twice is kept once: the last.
INSERT INTO benchmarks BY NAME
SELECT * FROM read_parquet($parts, union_by_name = true)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY imported_at DESC, run_id) = 1
ORDER BY collection, unit_key;
