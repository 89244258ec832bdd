#!/usr/bin/env bash
# Runs all checks that need no stack: types, lint, format, lock, Dockerfiles, shell, generated docs.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

failed=()
passed=0
# Runs one check. Prints its output only when the check fails.
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
# Runs a command in the image, with the project mounted read-only at /project.
inside() { docker run --rm --tmpfs /tmp:exec -v "$PWD:/project:ro" -w "/project/$1" "$image" "${@:2}"; }

# Finds words that the project replaced with the usual ones.
words() {
  local found
  # Measurements and the changelog quote earlier words. The last file has the names of HTML
  # elements.
  found=$(git grep -niwFf tools/words.txt -- '*.ts' '*.py' '*.sh' '*.md' Makefile \
    ':!docs/measurements' ':!CHANGELOG.md' ':!app/library/ragkit/html_text.py')
  [ -z "$found" ] || { printf '%s\n' "$found" && return 1; }
}

mapfile -t programs < <(git ls-files '*.ts')
mapfile -t shells < <(git ls-files '*.sh' .ci/run host/ssh/ssh app/build-venv app/pin \
  dockerfiles/application-builder/install-application)
mapfile -t workflows < <(git ls-files '.github/workflows/*.yml' examples/ci/forgejo.yml | sed "s|^|$PWD/|")
mapfile -t dockerfiles < <(git ls-files 'dockerfiles/*Dockerfile' 'systems/*Dockerfile')
# mypy runs once per workspace member, because several members have a module called app, main or
# tests. The shell in the image expands the variables.
# shellcheck disable=SC2016
each_member='for member in $(app/members.sh); do
  (cd "$member" && echo "$member:" && mypy --config-file /project/pyproject.toml .) || exit 1
done'

confs=$(mktemp -d)
trap 'rm -rf "$confs"' EXIT
# Lints the files of the ingress and the gateway. tools/nginx/skips.txt has the reasons of what is left out.
nginx_files() {
  local skips
  skips=$(sed '/^#/d; s/ .*//' tools/nginx/skips.txt | paste -sd,)
  node tools/nginx/write.ts "$confs" && chmod -R a+rX "$confs" &&
    docker run --rm -v "$confs:/confs:ro" "$image" sh -c "gixy --skips $skips /confs/*.conf"
}

check "types (tsc)" tsc --noEmit -p .
check "lint and format (biome)" biome check --error-on-warnings .
check "imports (dependency-cruiser)" depcruise --config .dependency-cruiser.mjs "${programs[@]}"
check "words (tools/words.txt)" words
check "docs are current, links lead somewhere" node tools/docs/main.ts --check
# Forgejo's runners have labels of their own.
check "workflows (actionlint)" go tool -C tools/actionlint actionlint -shellcheck= \
  -ignore 'label "docker" is unknown' "${workflows[@]}"
check "Python lint (ruff)" inside . ruff check .
check "Python format (ruff)" inside . ruff format --check .
check "Python types (mypy)" inside . sh -c "$each_member"
check "Python security (bandit)" inside . bandit --quiet --configfile pyproject.toml \
  --recursive app front-door systems
check "Python lock matches pyproject.toml (uv)" inside . app/lock.sh --check
check "shell (shellcheck)" inside . shellcheck "${shells[@]}"
check "Dockerfiles (hadolint)" inside . hadolint "${dockerfiles[@]}"
check "nginx.conf (gixy)" nginx_files

printf '%s checks passed, %s failed\n' "$passed" "${#failed[@]}"
[ ${#failed[@]} -eq 0 ]
