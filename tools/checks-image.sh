#!/usr/bin/env bash
# Builds the image with the Python tools and prints its id.
set -euo pipefail
cd "$(dirname "$0")/.."
base=$(node host/base-image.ts | tail -n 1)
# The classic builder: a CLI from 23 on has BuildKit only with a plugin, and says so on standard error.
export DOCKER_BUILDKIT=0
python=$(docker build -q --build-arg BASE_IMAGE="$base" dockerfiles/python 2>/dev/null)
# The requirements of app/ and the Dockerfile's own folder, put together as they come.
tar -c --sort=name --mtime=@0 -C app requirements -C ../dockerfiles/checks Dockerfile linters.txt |
  docker build -q --build-arg PYTHON_IMAGE="$python" -
