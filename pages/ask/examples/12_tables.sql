-- What is in here? Every column with its meaning
SELECT table_name, column_name, data_type, comment
FROM duckdb_columns()
WHERE NOT internal AND comment IS NOT NULL
ORDER BY table_name, column_index
