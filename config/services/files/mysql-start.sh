#!/usr/bin/env bash
# Starts MySQL with the passwords of the secrets. Existing data keeps its old passwords and ignores
# MYSQL_PASSWORD_FILE, so the server reads a file that sets them, at each start. For an empty volume
# the image's entrypoint creates the users.
set -euo pipefail

if [[ -d /var/lib/mysql/mysql ]]; then
  set -- "$@" --init-file=/run/secrets/logins.sql
fi
exec docker-entrypoint.sh "$@"
