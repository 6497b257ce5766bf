-- schema_exists --
-- Whether this database has been made.
SELECT to_regclass('tutela.migration') IS NOT NULL;

-- migrations_seen --
-- Names of the migrations that this database has seen.
SELECT name FROM tutela.migration ORDER BY name;
