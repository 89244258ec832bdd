#!/bin/sh
# Runs MinIO with these arguments. Ragdock starts `minio` without this script.
[ "${1:-}" = minio ] || set -- minio "$@"
exec "$@"
