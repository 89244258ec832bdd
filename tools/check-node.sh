#!/usr/bin/env bash
# Checks the Node that make uses. The package `node` contains a Node, unless npm runs no install
# scripts. Then node_modules/.bin/node is missing, and make would silently use the Node in PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

needed=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' package.json)
compare='const [is, least] = [process.versions.node, process.argv[1]].map((v) => v.split(".").map(Number));
process.exit(is[0] > least[0] || (is[0] === least[0] && is[1] >= least[1]) ? 0 : 1)'
if ! node -e "$compare" "$needed" 2>/dev/null; then
  printf '%s\n' "Node $needed or newer is needed. make would use: $(node --version 2>/dev/null || echo none)." \
    "npm brings one if it may run install scripts (npm config get ignore-scripts). Run:" \
    "  npm rebuild node --ignore-scripts=false" >&2
  exit 1
fi
