#!/usr/bin/env bash
# Every check that runs nothing of the stack: types, lint, format, Dockerfiles, rules, docs.
set -uo pipefail
cd "$(dirname "$0")/.."

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

# Python tools live in an environment of their own, made from pinned requirements.
venv=.venv
stamp=$venv/.requirements
wanted=$(cat app/requirements/dev.txt scripts/requirements.txt | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  echo "making the Python environment for the checks …"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet uv==0.13.8
  "$venv/bin/uv" venv --quiet --clear --python "${RAGDOCK_PYTHON:-3.13}" "$venv/app" 2>/dev/null ||
    "$venv/bin/uv" venv --quiet --clear "$venv/app"
  "$venv/bin/uv" pip install --quiet --python "$venv/app" --require-hashes -r app/requirements/dev.txt
  "$venv/bin/pip" install --quiet -r scripts/requirements.txt
  printf '%s' "$wanted" >"$stamp"
fi

check "types (tsc)" tsc --noEmit -p .
check "lint and format (biome)" biome check --error-on-warnings .
check "docs are current" node scripts/docs.ts --check
check "python lint (ruff)" "$venv/app/bin/ruff" check app
check "python format (ruff)" "$venv/app/bin/ruff" format --check app
check "python types (mypy)" bash -c "cd app && ../$venv/app/bin/mypy"
check "shell (shellcheck)" bash -c "$venv/bin/shellcheck scripts/*.sh .ci/run \$(git ls-files 'dockerfiles/*.sh')"
check "Dockerfiles (hadolint)" bash -c "$venv/bin/hadolint \$(git ls-files 'dockerfiles/*Dockerfile')"

printf '%s checks passed, %s failed\n' "$passed" "${#failed[@]}"
[ ${#failed[@]} -eq 0 ]
