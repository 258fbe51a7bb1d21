-- A migration that was applied.
INSERT INTO schema_migrations VALUES ($version, $name, $applied_at);
