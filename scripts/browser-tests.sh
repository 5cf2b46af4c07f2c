#!/usr/bin/env bash
# Runs Playwright against the real server: the demo on a free port with an empty data directory, both gone afterwards.
# The tests get ERRAND_URL (where it listens) and ERRAND_SIGN_IN_LINK (the one-time link that the first start prints).
set -euo pipefail
cd "$(dirname "$0")/.."

data=$(mktemp -d)
server=""

finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$data"
}
trap finish EXIT
trap 'exit 130' INT TERM

give_up() {
    echo "$1 The server said:" >&2
    cat "$data/server.log" >&2
    exit 1
}

cargo build --quiet --package errand
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export ERRAND_URL="http://127.0.0.1:$port"
ERRAND_DATA_DIR="$data/state" ERRAND_LISTEN="127.0.0.1:$port" ERRAND_PUBLIC_URL="$ERRAND_URL" NO_COLOR=1 \
    "${CARGO_TARGET_DIR:-target}/debug/errand" serve --demo >"$data/server.log" 2>&1 </dev/null &
server=$!

deadline=$((SECONDS + 90))
until curl --silent --fail --output /dev/null "$ERRAND_URL/readyz"; do
    kill -0 "$server" 2>/dev/null || give_up "The server ended before it was ready."
    [ "$SECONDS" -lt "$deadline" ] || give_up "The server was not ready within 90 seconds."
    sleep 0.2
done

ERRAND_SIGN_IN_LINK=$(grep -oE "$ERRAND_URL/[^[:space:]\"]*(claim|token)[^[:space:]\"]*" "$data/server.log" | head -n 1 || true)
[ -n "$ERRAND_SIGN_IN_LINK" ] || give_up "The server printed no sign-in link."
export ERRAND_SIGN_IN_LINK

cd web && npx --no-install playwright test --reporter=list "$@" </dev/null
