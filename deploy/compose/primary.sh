#!/bin/sh
# Runs once, when the database is created: a standby may connect, and connections that come through PgBouncer,
# which passes no settings on, have those of the role.
set -eu
echo "host replication all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 --set role="$POSTGRES_USER" <<'SQL'
ALTER ROLE :"role" SET statement_timeout = '5s';
ALTER ROLE :"role" SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE :"role" SET client_connection_check_interval = '500ms';
SQL
