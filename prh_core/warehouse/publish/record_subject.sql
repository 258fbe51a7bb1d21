-- A subject of the schema that a database has.
INSERT INTO schema_migrations BY NAME
SELECT $version AS version, $name AS name, $applied_at AS applied_at;
