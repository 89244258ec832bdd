#!/bin/bash
# Makes the cluster when the data folder is empty, then becomes the server: the contract of the official image.
set -Eeuo pipefail

fail() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

# Sets VARIABLE from VARIABLE_FILE; both at once would leave open which of the two counts.
from_file() {
  local variable=$1 default=${2:-} file="${1}_FILE"
  if [[ -n ${!file:-} && -n ${!variable:-} ]]; then
    fail "$variable and $file are both set: keep one"
  fi
  if [[ -n ${!file:-} ]]; then
    [[ -r ${!file} ]] || fail "$file names ${!file}, which uid $(id -u) cannot read"
    printf -v "$variable" '%s' "$(<"${!file}")"
  else
    printf -v "$variable" '%s' "${!variable:-$default}"
  fi
  unset "$file"
}

prepare_folders() {
  mkdir -p "$PGDATA" /run/postgresql
  chmod 0700 "$PGDATA"
  find "$PGDATA" ! -user postgres -exec chown postgres:postgres '{}' +
  chown postgres:postgres /run/postgresql
}

require_password() {
  if [[ -z $POSTGRES_PASSWORD && ${POSTGRES_HOST_AUTH_METHOD:-} != trust ]]; then
    fail "the database has no password: set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD" \
      "(POSTGRES_HOST_AUTH_METHOD=trust lets everybody in without one, and is not for anything but a trial)"
  fi
}

make_cluster() {
  local -a arguments=()
  # POSTGRES_INITDB_ARGS is one string of arguments, quoted as in a shell.
  eval "arguments=(${POSTGRES_INITDB_ARGS:-})"
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${arguments[@]}"
  local method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption)}
  printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
}

# While it initialises, the server listens on its socket only: a client over TCP, and so a probe over TCP,
# gets in only when everything is there. It has the server's own settings: libraries to preload are among them.
with_temporary_server() {
  local work=$1 options
  shift 2 # the work, and the name `postgres`
  printf -v options '%q ' "$@" -c "listen_addresses=" -p 5432
  pg_ctl -D "$PGDATA" -o "$options" -w start
  "$work"
  pg_ctl -D "$PGDATA" -m fast -w stop
}

run_sql() {
  PGPASSWORD=$POSTGRES_PASSWORD psql -v ON_ERROR_STOP=1 --no-psqlrc \
    --username "$POSTGRES_USER" --no-password "$@"
}

make_database() {
  if [[ $POSTGRES_DB != postgres ]]; then
    run_sql --dbname postgres --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
  fi
}

run_init_files() {
  local file folder=/docker-entrypoint-initdb.d
  # Files that are there but unreadable must not look like none at all.
  [[ -r $folder && -x $folder ]] || fail "uid $(id -u) cannot read $folder"
  for file in "$folder"/*; do
    [[ -e $file ]] || continue
    echo "running $file"
    case $file in
      *.sh)
        # shellcheck source=/dev/null
        if [[ -x $file ]]; then "$file"; else . "$file"; fi
        ;;
      *.sql) run_sql --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | run_sql --dbname "$POSTGRES_DB" ;;
      *) echo "ignored: $file is neither .sh, .sql nor .sql.gz" ;;
    esac
  done
}

initialise() {
  make_database
  run_init_files
}

main() {
  if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi
  [[ ${1:-} == postgres ]] || exec "$@"

  if [[ $(id -u) == 0 ]]; then
    prepare_folders
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
  fi

  if [[ ! -s $PGDATA/PG_VERSION ]]; then
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    from_file POSTGRES_INITDB_ARGS
    export POSTGRES_USER POSTGRES_DB POSTGRES_PASSWORD
    require_password
    make_cluster
    with_temporary_server initialise "$@"
    unset POSTGRES_PASSWORD
    echo "initialised: the database is ready to start"
  fi
  exec "$@"
}

main "$@"
