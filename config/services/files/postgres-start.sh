#!/usr/bin/env bash
# Starts PostgreSQL with the password of the secret. An existing cluster keeps its old password and
# ignores POSTGRES_PASSWORD_FILE, so this script sets the password first. For a new cluster the
# image's entrypoint sets it.
#
# The administrator is the role with the id 10, which exists since the cluster was created. In
# version 0.2 and older the applications used it. This script gives it another name. The credentials
# job then gives its objects to a new role without its rights.
set -euo pipefail

if [[ -s $PGDATA/PG_VERSION ]]; then
  password=$(<"$POSTGRES_PASSWORD_FILE")
  # Single-user mode needs no password and opens no port. The secret contains only letters and
  # digits, so it needs no quoting. The statement stays out of the log. The exit code does not show
  # whether it failed, so the output is checked below. After a kill, the lock file can contain the
  # process id of this script. PG_GRANDPARENT_PID makes PostgreSQL ignore it.
  said=$(printf '%s\n' \
    "UPDATE pg_authid SET rolname = '$POSTGRES_USER' WHERE oid = 10 AND rolname <> '$POSTGRES_USER'" \
    "ALTER ROLE \"$POSTGRES_USER\" PASSWORD '$password'" |
    PG_GRANDPARENT_PID=$$ postgres --single -D "$PGDATA" -c log_statement=none -c log_min_error_statement=panic "$POSTGRES_DB" 2>&1) || true
  if [[ $said == *"database \"$POSTGRES_DB\" does not exist"* ]]; then
    printf '%s\n' "The volume has data, but no database $POSTGRES_DB. Nothing was changed." \
      'Set ragdock:postgres.database to the name with which it was created. Before there was this setting, it was rag.' >&2
    exit 1
  fi
  if [[ ! $said =~ backend\> || $said =~ (ERROR|FATAL|PANIC): ]]; then
    printf '%s\n' "$said" "The password of role $POSTGRES_USER could not be set. The server was not started." >&2
    exit 1
  fi
fi
exec docker-entrypoint.sh "$@" -c hba_file=/etc/ragdock/pg_hba.conf
