#!/usr/bin/env bash
# Creates the clients' role of this generation, and logs in as that role. Services that depend on
# this job can then log in. The role acts as the owner, so all objects have one owner. Roles of
# earlier generations keep working until `make rotate` revokes them. PGHOST, PGDATABASE and PGUSER
# (the owner) come from the environment.
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
# psql hashes the password before it sends it, so the network and the log carry only the hash.
# Without a terminal, psql reads the password from standard input.
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
