#!/bin/sh
# Chooses what this container is: nothing or `api`, `streamlit`, anything else is run as it stands.
set -eu

case "${1:-api}" in
  api) exec python -m rag_events api ;;
  streamlit) exec python -m rag_events ui ;;
  *) exec "$@" ;;
esac
