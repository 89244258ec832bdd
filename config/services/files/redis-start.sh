#!/bin/sh
# Starts Redis with its users in a file on the volume, where `ACL SAVE` keeps them. The administrator is written
# at each start, as the secret has it: a volume that knows another password is repaired. No client gets in without a user.
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
