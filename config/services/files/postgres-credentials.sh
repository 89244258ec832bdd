#!/usr/bin/env bash
# Makes the clients' role of this generation known to the server, and logs in as it: services that wait for it can, too.
# The role acts as the owner, so that objects have one owner whichever role made them. Earlier roles go on working until
# `make rotate` revokes them. PGHOST, PGDATABASE and PGUSER, the owner, come from the environment.
set -euo pipefail

user=$(</run/secrets/user)
password=$(</run/secrets/password)
PGPASSWORD=$(</run/secrets/admin-password)
export PGPASSWORD PGCONNECT_TIMEOUT=10 PGOPTIONS="-c client_min_messages=warning"

psql -qX -v ON_ERROR_STOP=1 -v user="$user" -v owner="$PGUSER" <<'SQL'
SELECT format('CREATE ROLE %I', :'user') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec
GRANT :"owner" TO :"user";
ALTER ROLE :"user" SET role = :'owner';
ALTER ROLE :"user" LOGIN;
SQL
# psql hashes it itself, so that neither the network nor a log sees it; without a terminal it asks on standard input.
if ! said=$(printf '%s\n%s\n' "$password" "$password" | psql -qX -c "\\password $user" 2>&1); then
  printf '%s\n' "$said" "The password of role $user could not be set." >&2
  exit 1
fi

acts_as=$(PGPASSWORD=$password psql -qXAt -U "$user" -c 'SELECT current_user')
if [[ $acts_as != "$PGUSER" ]]; then
  printf 'Role %s acts as %s, not as the owner %s.\n' "$user" "$acts_as" "$PGUSER" >&2
  exit 1
fi
printf 'Role %s can log in, and acts as %s.\n' "$user" "$PGUSER"
