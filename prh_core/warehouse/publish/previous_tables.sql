-- Tables of the attached file that is being replaced.
SELECT table_name FROM duckdb_tables() WHERE database_name = 'previous';
