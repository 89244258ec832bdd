#!/bin/bash
# Creates the cluster if the data folder is empty, then starts the server, as the official image's
# entrypoint does.
set -Eeuo pipefail

fail() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

# Sets VARIABLE from the file that VARIABLE_FILE names. Fails if both are set.
from_file() {
  local variable=$1 default=${2:-} file="${1}_FILE"
  if [[ -n ${!file:-} && -n ${!variable:-} ]]; then
    fail "$variable and $file are both set: unset one of them"
  fi
  if [[ -n ${!file:-} ]]; then
    [[ -r ${!file} ]] || fail "uid $(id -u) cannot read ${!file}, the value of $file"
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
      "POSTGRES_HOST_AUTH_METHOD=trust accepts every client without a password: use it for tests only"
  fi
}

make_cluster() {
  local -a arguments=()
  # POSTGRES_INITDB_ARGS is one string with arguments, quoted as in a shell.
  eval "arguments=(${POSTGRES_INITDB_ARGS:-})"
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${arguments[@]}"
  local method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption)}
  printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
}

# During the initialisation the server listens on its Unix socket only. TCP clients and health
# checks over TCP succeed only after it. The temporary server gets the same settings as the final
# one, such as the libraries to preload.
with_temporary_server() {
  local work=$1 options
  shift 2 # skips the function's name and the word `postgres`
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
  # Without this check, a folder that cannot be read would count as empty.
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
      *) echo "ignored $file: its name does not end with .sh, .sql or .sql.gz" ;;
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
    echo "The database is initialised. Starting the server."
  fi
  exec "$@"
}

main "$@"
