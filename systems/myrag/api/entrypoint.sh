#!/bin/sh
# The newest schema first; an error ends the container before anything is served.
set -e
alembic upgrade head
exec "$@"
