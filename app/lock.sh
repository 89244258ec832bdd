#!/bin/sh
# Writes requirements.lock: every Python package that a member of the workspace needs, with version
# and hashes. Pins stay as they are while they fit. `--upgrade` takes the newest versions, `--check`
# writes nothing and fails when the lock does not fit the pyproject.toml files. Needs the uv that
# the lock itself pins.
set -eu
cd "$(dirname "$0")/.."

lock=app/requirements.lock
new=$(mktemp)
trap 'rm -f "$new"' EXIT
cp "$lock" "$new"
[ "${1:-}" != --upgrade ] || : >"$new"
members=$(app/members.sh | sed 's|$|/pyproject.toml|')

# Without addresses: an index is each machine's own setting. ragkit is in this repository.
# shellcheck disable=SC2086
uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links --no-emit-package ragkit --all-extras --excludes app/excludes.txt \
  --group pyproject.toml:model --group pyproject.toml:queue --group pyproject.toml:tools --group pyproject.toml:checks \
  $members --output-file "$new" >/dev/null

if [ "${1:-}" != --check ]; then
  cp "$new" "$lock"
elif ! diff -u "$lock" "$new"; then
  echo "$lock does not fit the pyproject.toml files. Run: app/lock.sh" >&2
  exit 1
fi
