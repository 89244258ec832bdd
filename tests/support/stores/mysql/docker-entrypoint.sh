#!/usr/bin/env bash
# Starts MariaDB with the variables of the official image of MySQL. The first start of an empty
# volume creates the database and its users. Any other command runs unchanged.
set -euo pipefail

if [[ ${1:-} == -* ]]; then set -- mysqld "$@"; fi
if [[ $1 != mysqld ]]; then exec "$@"; fi

# Prints the variable NAME, or the content of the file that NAME_FILE names.
value() {
  local file="${1}_FILE"
  if [[ -n ${!1:-} ]]; then printf '%s' "${!1}"; elif [[ -n ${!file:-} ]]; then cat "${!file}"; fi
}

data=/var/lib/mysql
socket=/run/mysqld/mysqld.sock
if [[ ! -d $data/mysql ]]; then
  root=$(value MYSQL_ROOT_PASSWORD)
  if [[ -z $root ]]; then
    echo "The database is empty, and MYSQL_ROOT_PASSWORD is not set." >&2
    exit 1
  fi
  mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db > /dev/null
  # It listens on its socket only, so the health check fails until the users exist.
  "$@" --skip-networking --socket="$socket" &
  server=$!
  until mysqladmin --socket="$socket" --silent ping; do
    kill -0 "$server"
    sleep 0.2
  done
  mysql --socket="$socket" --user=root << END
CREATE DATABASE IF NOT EXISTS \`$(value MYSQL_DATABASE)\`;
CREATE USER '$(value MYSQL_USER)'@'%' IDENTIFIED BY '$(value MYSQL_PASSWORD)';
GRANT ALL ON \`$(value MYSQL_DATABASE)\`.* TO '$(value MYSQL_USER)'@'%';
ALTER USER 'root'@'localhost' IDENTIFIED BY '$root';
END
  kill -TERM "$server"
  wait "$server"
fi
exec "$@"
