#!/bin/sh
# Migrates first. An error ends the container before it serves anything.
set -e
alembic upgrade head
exec "$@"
