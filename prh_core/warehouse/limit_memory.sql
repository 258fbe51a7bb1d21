-- Memory that DuckDB takes at most.
SET memory_limit = $value;
