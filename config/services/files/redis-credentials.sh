#!/bin/sh
# Creates the clients' user of this generation, and logs in as that user. Users of earlier
# generations keep working until `make rotate` revokes them. REDIS_HOST comes from the environment.
set -eu

# as USER PASSWORD_FILE COMMAND… runs a Redis command as that user.
as() {
  user=$1 file=$2
  shift 2
  REDISCLI_AUTH="$(cat "$file")" redis-cli -e --no-auth-warning -h "$REDIS_HOST" --user "$user" "$@"
}

client=$(cat /run/secrets/user)
hash=$(printf %s "$(cat /run/secrets/password)" | sha256sum | cut -d ' ' -f 1)
# The user gets all rights except ACL. With ACL, a client could create a user that keeps working
# after a rotation.
as admin /run/secrets/admin-password ACL SETUSER "$client" resetpass "#$hash" on '~*' '&*' +@all -acl > /dev/null
as admin /run/secrets/admin-password ACL SAVE > /dev/null
as "$client" /run/secrets/password PING > /dev/null
echo "User $client can log in."
