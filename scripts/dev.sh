#!/usr/bin/env bash
# The server and the web app's development server side by side; both end with Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --package errand
"${CARGO_TARGET_DIR:-target}/debug/errand" serve --demo &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
cd web && npm run dev
