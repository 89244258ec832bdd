#!/bin/sh
# Makes the clients' user of this generation known to the server, and logs in as it: whoever waits for this job can, too.
# Earlier users go on working until `make rotate` revokes them. REDIS_HOST comes from the environment.
set -eu

# as USER COMMAND…: the password is the one of the secret named in $secret.
as() {
  user=$1
  shift
  REDISCLI_AUTH="$(cat "/run/secrets/$secret")" redis-cli -e --no-auth-warning -h "$REDIS_HOST" --user "$user" "$@"
}

client=$(cat /run/secrets/redis-user)
hash=$(printf %s "$(cat /run/secrets/redis-password)" | sha256sum | cut -d ' ' -f 1)
secret=redis-admin-password
# Everything but the users themselves: a client could make one that outlives a rotation.
as admin ACL SETUSER "$client" resetpass "#$hash" on '~*' '&*' +@all -acl > /dev/null
as admin ACL SAVE > /dev/null
secret=redis-password
as "$client" PING > /dev/null
echo "User $client can log in."
