#!/bin/sh
# Checks a Redis server outside of the stack: it is reached, and the login works. Changes nothing in
# it. REDIS_HOST, REDIS_PORT, REDIS_USER, REDIS_TLS and REDIS_TLS_AUTHORITY come from the environment.
set -eu

where="$REDIS_HOST:$REDIS_PORT"
set -- -h "$REDIS_HOST" -p "$REDIS_PORT"
case $REDIS_TLS in
  require) set -- "$@" --tls --insecure ;;
  verify-full) set -- "$@" --tls --cacert "$REDIS_TLS_AUTHORITY" --sni "$REDIS_HOST" ;;
esac

# The password is on the standard input of redis-cli, because other processes of the host can read
# its command line. A quote or a backslash in it needs a backslash.
password=$(sed 's/[\\"]/\\&/g' /run/secrets/password)
said=$(printf 'AUTH "%s" "%s"\nPING\n' "$REDIS_USER" "$password" | timeout 15 redis-cli "$@" 2>&1) || true
case $said in
  OK*PONG) echo "User $REDIS_USER can log in at $where." && exit 0 ;;
  *WRONGPASS* | *NOAUTH* | *NOPERM* | *'without any password'*)
    hint="The server at $where refuses the login of $REDIS_USER. Correct ragdock:redis.external.user or the secret redisPassword." ;;
  *SSL* | *certificate* | *'Server closed the connection'* | *'I/O error'*)
    hint="The encryption does not fit the server at $where. Correct ragdock:redis.external.tls or the secret redisAuthority." ;;
  *)
    hint="No Redis answers at $where. Correct ragdock:redis.external.host and port, and check the firewall." ;;
esac
printf '%s\n' "$said" "$hint" >&2
exit 1
