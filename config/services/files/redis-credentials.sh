#!/bin/sh
# Creates the users of this generation, and logs in as the clients' user. Users of earlier
# generations keep working until `make rotate` revokes them. REDIS_HOST comes from the environment.
set -eu

secret() { cat "/run/secrets/$1"; }

hash() { printf %s "$(secret "$1")" | sha256sum | cut -d ' ' -f 1; }

# `as USER SECRET` runs the Redis commands on its standard input as that user. The password is on
# the standard input of redis-cli too, because other processes of the host can read the environment
# of a process. redis-cli ends with 0 even if a command fails, so the output is checked.
as() {
  said=$({ echo "AUTH $1 $(secret "$2")"; cat; } | redis-cli -h "$REDIS_HOST")
  if echo "$said" | grep -vqE '^(OK|PONG)$'; then
    echo "$said" >&2
    return 1
  fi
}

client=$(secret user)
# Clients read and write all data. They cannot administer the server or its users, and cannot copy
# keys to another server. The monitor reads statistics, but no keys.
as admin admin-password << END
ACL SETUSER $client reset on #$(hash password) ~* &* +@all -@admin -migrate +client|list
ACL SETUSER $(secret monitor-user) reset on #$(hash monitor-password) -@all +ping +hello +auth +select +client|setname +client|setinfo +client|list +info +config|get +dbsize +slowlog|get +slowlog|len +latency|latest +latency|histogram
ACL SAVE
END
echo PING | as "$client" password
echo "User $client can log in."
