#!/usr/bin/env bash
# Builds the image with the Python tools and prints its id.
set -euo pipefail
cd "$(dirname "$0")/.."
base=$(node host/base-image.ts | tail -n 1)
# Uses the classic builder, because BuildKit needs a plugin from version 23 of the docker CLI on.
export DOCKER_BUILDKIT=0
python=$(docker build -q --build-arg BASE_IMAGE="$base" dockerfiles/python 2>/dev/null)
# The build context combines files of two folders.
tar -c --sort=name --mtime=@0 -C app pin requirements.lock -C ../dockerfiles/checks Dockerfile |
  docker build -q --build-arg PYTHON_IMAGE="$python" -
