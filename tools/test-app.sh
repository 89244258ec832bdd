#!/usr/bin/env bash
# Runs the tests of all members of the Python workspace against a real PostgreSQL, Redis and Chroma.
# The containers are removed at the end. With arguments, only the tests of the reference application
# run, and pytest gets the arguments. With FILES="app/tests/unit/test_ui.py …" only these files run,
# and the result of each test is printed.
set -euo pipefail
cd "$(dirname "$0")/.."

name=ragdock-test-app-$$
output=$(mktemp)
cleanup() {
  rm -f "$output"
  docker rm -fv "$name-postgres" "$name-redis" "$name-chroma" >/dev/null 2>&1 || true
  docker network rm "$name" >/dev/null 2>&1 || true
}
trap cleanup EXIT

echo "starting PostgreSQL, Redis and Chroma for the Python tests …"
tools=$(tools/checks-image.sh)
base=$(node host/base-image.ts | tail -n 1)
image() { DOCKER_BUILDKIT=0 docker build -q --build-arg BASE_IMAGE="$base" "dockerfiles/$1" 2>/dev/null; }
docker network create "$name" >/dev/null
docker run -d --name "$name-postgres" --network "$name" -e POSTGRES_PASSWORD=test -e POSTGRES_DB=rag "$(image postgres)" >/dev/null
docker run -d --name "$name-redis" --network "$name" "$(image redis)" redis-server --protected-mode no >/dev/null
# Starts Chroma's server from the package in the checks image. Chroma's CLI needs packages that the
# lock does not contain.
chroma='import chromadb_rust_bindings as chroma; chroma.cli("chroma run --host 0.0.0.0 --port 8000 --path /tmp/data".split())'
docker run -d --name "$name-chroma" --network "$name" --tmpfs /tmp "$tools" python -c "$chroma" >/dev/null
for _ in $(seq 60); do
  docker exec "$name-postgres" pg_isready -q -h 127.0.0.1 -U postgres && break
  sleep 1
done

failed=0
# Runs pytest in one member of the workspace.
tests_of() {
  echo "== $1"
  docker run --rm --network "$name" --tmpfs /tmp:exec -v "$PWD:/project:ro" -w "/project/$1" \
    -e RAG_TEST_DATABASE_URL="postgresql+psycopg://postgres:test@$name-postgres:5432/rag" \
    -e RAG_TEST_REDIS_URL="redis://$name-redis:6379/0" \
    -e RAG_TEST_CHROMA_URL="http://$name-chroma:8000" \
    "$tools" python -m pytest -q -c /project/pyproject.toml --rootdir . "${@:2}" 2>&1 | tee -a "$output" || failed=1
}

if [ $# -gt 0 ]; then
  tests_of app "$@"
else
  for member in $(app/members.sh); do
    files=()
    for file in ${FILES:-}; do
      [[ $file != "$member"/tests/* ]] || files+=("${file#"$member"/}")
    done
    if [ -z "${FILES:-}" ]; then
      tests_of "$member"
    elif [ ${#files[@]} -gt 0 ]; then
      tests_of "$member" -rpfE "${files[@]}"
    fi
  done
fi
# Prints one line with the sum over all members.
awk '{ while (match($0, /[0-9]+ (passed|failed|error)/)) { split(substr($0, RSTART, RLENGTH), word, " ")
         count[word[2]] += word[1]; $0 = substr($0, RSTART + RLENGTH) } }
     END { printf "%d passed, %d failed\n", count["passed"], count["failed"] + count["error"] }' \
  <(grep -E '^[0-9].* in [0-9.]+s' "$output")
[ "$failed" = 0 ]
