#!/bin/sh
# Starts Redis with its users in a file on the volume. `ACL SAVE` writes the same file. Every start
# writes the administrator again from the secret, which repairs a volume with another password.
# Clients without a user are refused.
set -eu
umask 077

file=/data/users.acl
hash=$(printf %s "$(cat /run/secrets/admin-password)" | sha256sum | cut -d ' ' -f 1)
{
  echo "user default off"
  echo "user admin on #$hash ~* &* +@all"
  if [ -e "$file" ]; then sed -E '/^user (default|admin) /d' "$file"; fi
} > "$file.new"
mv "$file.new" "$file"
exec docker-entrypoint.sh "$@"
