-- Version 15. What the schema of a file is.

-- Subjects of the schema that this file has, each in its version; the largest is the file's.
CREATE TABLE schema_migrations (
    version INTEGER NOT NULL, -- Its version.
    name VARCHAR PRIMARY KEY, -- A file of prh_core/warehouse/schema.
    applied_at TIMESTAMPTZ NOT NULL -- When.
);
