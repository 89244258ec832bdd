#!/bin/sh
# Starts redis-server as the redis user, whoever the container starts as; anything else runs as it is.
set -eu

case "${1:-}" in
  -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" != redis-server ]; then
  exec "$@"
fi

if [ "$(id -u)" = 0 ]; then
  find /data ! -user redis -exec chown redis:redis '{}' +
  exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi

# What the server writes is for its own user alone.
umask 0077

# Debian's build refuses other hosts while no password is set; the official image, reachable only through
# its container's network, does not. Whoever names the option keeps the choice.
case " $* " in
  *" --protected-mode "*) ;;
  *) set -- "$@" --protected-mode no ;;
esac
exec "$@"
