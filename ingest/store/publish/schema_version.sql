-- The schema a database has; 0 before it has any.
SELECT coalesce(max(version), 0) FROM schema_migrations;
