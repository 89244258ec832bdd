#!/usr/bin/env bash
# Checks a Chroma server outside of the stack. The image has no client for HTTPS, so an encrypted
# port is only connected to. CHROMA_HOST, CHROMA_PORT and CHROMA_TLS come from the environment.
set -uo pipefail

where="$CHROMA_HOST:$CHROMA_PORT"
connect() { timeout 10 bash -c ": > '/dev/tcp/$CHROMA_HOST/$CHROMA_PORT'"; }
if ! connect; then
  echo "Nothing answers at $where. Correct ragdock:chroma.external.host and port, and check the firewall." >&2
  exit 1
fi
if [[ $CHROMA_TLS == disable ]]; then
  exec 3<> "/dev/tcp/$CHROMA_HOST/$CHROMA_PORT"
  printf 'GET /api/v2/heartbeat HTTP/1.0\r\nHost: %s\r\n\r\n' "$CHROMA_HOST" >&3
  read -r -t 10 _ status _ <&3
  if [[ ${status:-} != 200 ]]; then
    echo "The server at $where answers ${status:-nothing} at /api/v2/heartbeat, so it is no Chroma. Correct ragdock:chroma.external." >&2
    exit 1
  fi
fi
echo "Chroma answers at $where."
