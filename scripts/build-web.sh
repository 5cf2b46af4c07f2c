#!/usr/bin/env bash
# Builds the web app into web/dist, unless nothing changed since it was built last.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/npm-ci.sh web
if [ -e web/dist/index.html ] &&
    [ -z "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/test-results -prune -o -type f -newer web/dist/index.html -print -quit)" ]; then
    exit 0
fi
printf '\033[1m==>\033[0m Building the web app\n'
cd web && npm run --silent build </dev/null
