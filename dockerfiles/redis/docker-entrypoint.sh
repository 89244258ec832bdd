#!/bin/sh
# Starts redis-server as the user redis. Any other command runs unchanged.
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

# Only the server's user can read the files that the server writes.
umask 0077

# Without a password, Debian's build refuses clients of other hosts. The official image accepts
# them, because only its container networks reach it. The command can still set --protected-mode
# itself.
case " $* " in
  *" --protected-mode "*) ;;
  *) set -- "$@" --protected-mode no ;;
esac
exec "$@"
