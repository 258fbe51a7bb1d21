-- Threads that DuckDB runs at most.
SET threads = $value;
