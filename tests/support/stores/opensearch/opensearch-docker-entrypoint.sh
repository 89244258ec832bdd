#!/usr/bin/env bash
# Starts OpenSearch with the variables that have a dot in their name as settings, as the official
# image does. Any other command runs unchanged.
set -euo pipefail
if [[ $# == 0 || $1 == -* ]]; then set -- opensearch "$@"; fi
if [[ $1 != opensearch ]]; then exec "$@"; fi
umask 0002
while IFS='=' read -r name value; do
  if [[ $name =~ ^[a-z0-9_]+\.[a-z0-9_]+ && -n $value ]]; then set -- "$@" "-E$name=$value"; fi
done < <(env)
exec "$@"
