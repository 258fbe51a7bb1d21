-- The same thing imported twice is kept once: the last.
INSERT INTO benchmarks BY NAME
SELECT * FROM incoming ANTI JOIN benchmarks USING (unit_key)
QUALIFY row_number() OVER (PARTITION BY unit_key ORDER BY imported_at DESC, run_id) = 1
ORDER BY collection, unit_key;
