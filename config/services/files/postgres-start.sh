#!/usr/bin/env bash
# Starts PostgreSQL with the password that the secret holds. An existing cluster remembers the one it was made with and
# ignores POSTGRES_PASSWORD_FILE, so it is told before it serves; a new one is left to the image's own entrypoint.
set -euo pipefail

if [[ -s $PGDATA/PG_VERSION ]]; then
  password=$(<"$POSTGRES_PASSWORD_FILE")
  # Single-user mode asks for no password and listens nowhere. The secret is letters and digits. The statement is kept
  # out of the log, and the mode's exit code says nothing of it. After a kill the lock file still names the process id
  # of the last server, which is this script's now: PG_GRANDPARENT_PID says that it is nobody else's.
  said=$(printf "ALTER ROLE \"%s\" PASSWORD '%s'\n" "$POSTGRES_USER" "$password" |
    PG_GRANDPARENT_PID=$$ postgres --single -D "$PGDATA" -c log_statement=none -c log_min_error_statement=panic "$POSTGRES_DB" 2>&1) || true
  if [[ ! $said =~ backend\> || $said =~ (ERROR|FATAL|PANIC): ]]; then
    printf '%s\n' "$said" "The password of role $POSTGRES_USER could not be set; the server is not started." >&2
    exit 1
  fi
fi
exec docker-entrypoint.sh "$@"
