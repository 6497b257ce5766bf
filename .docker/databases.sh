#!/bin/sh
# Run once by the PostgreSQL image: the two databases and their logins. Passwords come from the environment; they are
# handed to psql as variables, never put into a statement by the shell.
set -eu
psql --username postgres --set tutela="$TUTELA_DATABASE_PASSWORD" --set airflow="$AIRFLOW_DATABASE_PASSWORD" <<'SQL'
SET log_statement = 'none';
CREATE ROLE tutela LOGIN NOINHERIT PASSWORD :'tutela';
CREATE ROLE airflow LOGIN PASSWORD :'airflow';
CREATE DATABASE tutela ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE airflow OWNER airflow ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE airflow FROM PUBLIC;
SQL
