#!/bin/sh
# Starts Redis with its users in a file on the volume. `ACL SAVE` writes the same file. Every start
# writes the administrator again from the secret, which repairs a volume with another password. The
# user `probe` of the health check may only ping. Clients without a user are refused.
set -eu
umask 077

file=/data/users.acl
hash=$(printf %s "$(cat /run/secrets/admin-password)" | sha256sum | cut -d ' ' -f 1)
{
  echo "user default off"
  echo "user admin on #$hash ~* &* +@all"
  echo "user probe on nopass resetkeys resetchannels -@all +ping"
  if [ -e "$file" ]; then sed -E '/^user (default|admin|probe) /d' "$file"; fi
} > "$file.new"
mv "$file.new" "$file"
exec docker-entrypoint.sh "$@"
