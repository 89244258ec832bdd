#!/usr/bin/env bash
# Starts PostgreSQL with the password that the secret holds. An existing cluster remembers the one it was made with and
# ignores POSTGRES_PASSWORD_FILE, so it is told before it serves; a new one is left to the image's own entrypoint.
set -euo pipefail

if [[ -s $PGDATA/PG_VERSION ]]; then
  password=$(<"$POSTGRES_PASSWORD_FILE")
  # Single-user mode asks for no password and listens nowhere. The secret is letters and digits.
  printf "ALTER ROLE \"%s\" PASSWORD '%s'\n" "$POSTGRES_USER" "$password" |
    postgres --single -D "$PGDATA" "$POSTGRES_DB" >/dev/null
fi
exec docker-entrypoint.sh "$@"
