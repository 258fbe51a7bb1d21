-- The schema a database has; 0 before the first migration.
SELECT coalesce(max(version), 0) FROM schema_migrations;
