#!/usr/bin/env bash
# The application's tests, against a real PostgreSQL and Redis in containers of their own that are gone at the end,
# then those of the systems' applications. Arguments go to pytest, and then the application's tests are all.
set -euo pipefail
cd "$(dirname "$0")/.."

name=ragdock-test-app-$$
output=$(mktemp)
cleanup() {
  rm -f "$output"
  docker rm -fv "$name-postgres" "$name-redis" >/dev/null 2>&1 || true
  docker network rm "$name" >/dev/null 2>&1 || true
}
trap cleanup EXIT

echo "starting PostgreSQL and Redis for the application's tests …"
tools=$(tools/checks-image.sh)
base=$(node host/base-image.ts | tail -n 1)
image() { DOCKER_BUILDKIT=0 docker build -q --build-arg BASE_IMAGE="$base" "dockerfiles/$1" 2>/dev/null; }
docker network create "$name" >/dev/null
docker run -d --name "$name-postgres" --network "$name" -e POSTGRES_PASSWORD=test -e POSTGRES_DB=rag "$(image postgres)" >/dev/null
docker run -d --name "$name-redis" --network "$name" "$(image redis)" redis-server --protected-mode no >/dev/null
for _ in $(seq 60); do
  docker exec "$name-postgres" pg_isready -q -h 127.0.0.1 -U postgres && break
  sleep 1
done

failed=0
# Runs pytest in a folder of the project.
tests_of() {
  echo "== $1"
  docker run --rm --network "$name" --tmpfs /tmp:exec -v "$PWD:/project:ro" -w "/project/$1" \
    -e PYTHONPATH=/project/app \
    -e RAG_TEST_DATABASE_URL="postgresql+psycopg://postgres:test@$name-postgres:5432/rag" \
    -e RAG_TEST_REDIS_URL="redis://$name-redis:6379/0" \
    "$tools" python -m pytest -q "${@:2}" 2>&1 | tee -a "$output" || failed=1
}

tests_of app "$@"
if [ $# = 0 ]; then
  for tests in systems/*/tests systems/*/*/tests; do
    [ -d "$tests" ] && tests_of "${tests%/tests}" -c /project/systems/pyproject.toml --rootdir .
  done
fi
# One line for all of them.
awk '{ while (match($0, /[0-9]+ (passed|failed|error)/)) { split(substr($0, RSTART, RLENGTH), word, " ")
         count[word[2]] += word[1]; $0 = substr($0, RSTART + RLENGTH) } }
     END { printf "%d passed, %d failed\n", count["passed"], count["failed"] + count["error"] }' \
  <(grep -E '^[0-9].* in [0-9.]+s' "$output")
[ "$failed" = 0 ]
