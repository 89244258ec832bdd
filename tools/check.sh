#!/usr/bin/env bash
# Every check that runs nothing of the stack: types, lint, format, Dockerfiles, shell, generated docs.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

failed=()
passed=0
# Runs one check; its output shows only when it fails.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    printf '  ok      %s\n' "$name"
  else
    failed+=("$name")
    printf '  FAILED  %s\n%s\n' "$name" "$output"
  fi
}

echo "building the image with the Python tools …"
image=$(tools/checks-image.sh) || exit 1
# In the image, with the project at /project and nothing to write to.
inside() { docker run --rm --tmpfs /tmp:exec -v "$PWD:/project:ro" -w "/project/$1" "$image" "${@:2}"; }

mapfile -t shells < <(git ls-files '*.sh' .ci/run)
mapfile -t dockerfiles < <(git ls-files 'dockerfiles/*Dockerfile' 'systems/*Dockerfile')
# Each system's application by itself: several have a module called app or main.
# shellcheck disable=SC2016
each_system='for list in $(find . -name requirements.in); do
  (cd "${list%/*}" && echo "${list%/*}:" && mypy --config-file /project/systems/pyproject.toml .) || exit 1
done'

check "types (tsc)" tsc --noEmit -p .
check "lint and format (biome)" biome check --error-on-warnings .
check "docs are current" node tools/docs/main.ts --check
check "Python lint (ruff)" inside app ruff check .
check "Python format (ruff)" inside app ruff format --check .
check "Python types (mypy)" inside app mypy
check "Python lint of systems (ruff)" inside systems ruff check .
check "Python format of systems (ruff)" inside systems ruff format --check .
check "Python types of systems (mypy)" inside systems sh -c "$each_system"
check "shell (shellcheck)" inside . shellcheck "${shells[@]}"
check "Dockerfiles (hadolint)" inside . hadolint "${dockerfiles[@]}"

printf '%s checks passed, %s failed\n' "$passed" "${#failed[@]}"
[ ${#failed[@]} -eq 0 ]
