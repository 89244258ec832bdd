#!/usr/bin/env bash
# Creates the roles of this generation, and logs in as the clients' role. Services that depend on
# this job can then log in. PGHOST, PGDATABASE, OWNER, ADMIN and EXTENSIONS come from the
# environment.
#
# The owner role owns all objects of the database and has no other rights. A client's role acts as
# the owner, so all objects have one owner. The monitor's role reads statistics only. Roles of
# earlier generations keep working until `make rotate` revokes them.
set -euo pipefail

secret() { printf '%s' "$(< "/run/secrets/$1")"; }

# The passwords are in a file in the container's memory, because other processes of the host can
# read the environment of a process.
export PGPASSFILE=/dev/shm/passwords PGCONNECT_TIMEOUT=10 PGOPTIONS="-c client_min_messages=warning"
(
  umask 077
  printf '*:*:*:%s:%s\n' "$ADMIN" "$(secret admin-password)" "$(secret user)" "$(secret password)" > "$PGPASSFILE"
)
as_admin() { psql -qX -U "$ADMIN" -v ON_ERROR_STOP=1 "$@"; }

as_admin -v admin="$ADMIN" -v owner="$OWNER" -v client="$(secret user)" -v monitor="$(secret monitor-user)" \
  -v extensions="$EXTENSIONS" -f /etc/ragdock/roles.sql

# psql hashes the password before it sends it, so the network and the log carry only the hash.
# Without a terminal, psql reads the password from standard input.
set_password() {
  if ! said=$(printf '%s\n%s\n' "$2" "$2" | as_admin -c "\\password $1" 2>&1); then
    printf '%s\n' "$said" "The password of role $1 could not be set." >&2
    exit 1
  fi
}
set_password "$(secret user)" "$(secret password)"
set_password "$(secret monitor-user)" "$(secret monitor-password)"

acts_as=$(psql -qXAt -U "$(secret user)" -c 'SELECT current_user')
if [[ $acts_as != "$OWNER" ]]; then
  printf 'Role %s acts as %s, not as the owner %s.\n' "$(secret user)" "$acts_as" "$OWNER" >&2
  exit 1
fi
printf 'Role %s can log in, and acts as %s.\n' "$(secret user)" "$OWNER"
