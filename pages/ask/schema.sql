-- Every table and view with its columns and what they mean, views first. A view's column means what
-- a table's column of that name does, where all of that name mean the same.
WITH meaning AS (
    SELECT column_name, any_value(comment) AS comment
    FROM duckdb_columns()
    WHERE database_name = 'warehouse' AND comment IS NOT NULL
    GROUP BY column_name
    HAVING count(DISTINCT comment) = 1
)

SELECT
    c.table_name, coalesce(t.comment, v.comment) AS says, v.view_name IS NOT NULL AS is_view,
    c.column_name, c.data_type, coalesce(c.comment, meaning.comment, '') AS comment
FROM duckdb_columns() AS c
LEFT JOIN duckdb_tables() AS t
    ON t.database_name = c.database_name AND t.table_name = c.table_name
LEFT JOIN duckdb_views() AS v
    ON v.database_name = c.database_name AND v.view_name = c.table_name
LEFT JOIN meaning ON meaning.column_name = c.column_name
WHERE c.database_name = 'warehouse' AND NOT c.internal
    AND coalesce(t.comment, v.comment) IS NOT NULL
ORDER BY is_view DESC, c.table_name, c.column_index
