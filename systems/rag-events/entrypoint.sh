#!/bin/sh
# Chooses the mode of the container: `api` (the default) or `streamlit`. Any other command is run as
# it is.
set -eu

case "${1:-api}" in
  api) exec python -m rag_events api ;;
  streamlit) exec python -m rag_events ui ;;
  *) exec "$@" ;;
esac
