#!/usr/bin/env bash
# Checks a PostgreSQL server outside of the stack: it is reached, the login works, the database has
# the extensions, and the role may create tables. Changes nothing in it. PGHOST, PGPORT, PGDATABASE,
# PGUSER, PGSSLMODE, PGSSLROOTCERT and EXTENSIONS come from the environment.
set -euo pipefail

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# The password is in a file in the container's memory, because other processes of the host can read
# the environment of a process. A colon or a backslash in it needs a backslash.
export PGPASSFILE=/dev/shm/password PGCONNECT_TIMEOUT=10
(
  umask 077
  printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' /run/secrets/password)" > "$PGPASSFILE"
)
ask() { psql -qXAtw -v ON_ERROR_STOP=1 -c "$1"; }

where="$PGHOST:$PGPORT"
if ! said=$(ask 'SELECT 1' 2>&1); then
  case $said in
    *'password authentication failed'* | *'no password supplied'* | *'not permitted to log in'* | *role*'does not exist'*)
      hint="The server at $where refuses the login of $PGUSER. Correct ragdock:postgres.external.user or the secret postgresPassword." ;;
    *database*'does not exist'*)
      hint="The server at $where has no database $PGDATABASE. Correct ragdock:postgres.external.database, or create it there." ;;
    *'no pg_hba.conf entry'*)
      hint="The rules of the server at $where refuse this host. Add it there (pg_hba.conf), or correct ragdock:postgres.external.tls." ;;
    *certificate* | *SSL* | *sslmode*)
      hint="The encryption does not fit the server at $where. Correct ragdock:postgres.external.tls or the secret postgresAuthority." ;;
    *)
      hint="No PostgreSQL answers at $where. Correct ragdock:postgres.external.host and port, and check the firewall." ;;
  esac
  fail "$said" "$hint"
fi

for word in $EXTENSIONS; do
  extension=${word%%:*}
  if [[ $(ask "SELECT count(*) FROM pg_extension WHERE extname = '$extension'") != 1 ]]; then
    fail "The database $PGDATABASE at $where (ragdock:postgres.external) has no extension $extension." \
      "Run there, as an administrator: CREATE EXTENSION $extension;"
  fi
done
if [[ $(ask "SELECT has_schema_privilege(coalesce(current_schema(), 'public'), 'CREATE')") != t ]]; then
  fail "The role $PGUSER (ragdock:postgres.external.user) may not create tables in the database $PGDATABASE at $where." \
    "Run there, as an administrator: GRANT CREATE ON SCHEMA public TO \"$PGUSER\";"
fi
printf 'Role %s can log in to %s at %s.\n' "$PGUSER" "$PGDATABASE" "$where"
