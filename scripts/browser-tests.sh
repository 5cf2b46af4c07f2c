#!/usr/bin/env bash
# Runs Playwright against the real server: the demo on a free port with an empty data directory, both gone afterwards.
# The tests get ERRAND_URL (where it listens), ERRAND_CLAIM_LINK (the one-time link that the first start prints), and the
# account that it signs in with the password that they set: ERRAND_EMAIL, ERRAND_PASSWORD. Arguments go to Playwright.
# ERRAND_BINARY names a binary built before; `--screenshots` renews docs/screenshots instead of testing.
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

if [ -z "${ERRAND_BINARY:-}" ]; then
    scripts/build-web.sh
    cargo build --quiet --package errand
    ERRAND_BINARY="${CARGO_TARGET_DIR:-target}/debug/errand"
fi
CHROMIUM="${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}"
[ -n "$CHROMIUM" ] || { echo "No Chromium was found. Run scripts/install-test-needs.sh, or set CHROMIUM." >&2; exit 1; }
export CHROMIUM
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export ERRAND_URL="http://127.0.0.1:$port"
# With an identity provider at hand (scripts/oidc-for-tests.sh), the sign-in by one is tested too.
if [ -n "${ERRAND_TEST_OIDC_URL:-}" ]; then
    mkdir "$data/state"
    cat >"$data/state/errand.toml" <<TOML
[oidc]
issuer = "$ERRAND_TEST_OIDC_URL"
client_id = "errand"
button = "Acme SSO"
create_users = true
scopes = ["email", "profile", "groups"]
groups = [{ group = "support", guru = "demo" }]
TOML
    export ERRAND_OIDC_CLIENT_SECRET="a-secret-of-the-tests"
fi
ERRAND_DATA_DIR="$data/state" ERRAND_LISTEN="127.0.0.1:$port" ERRAND_PUBLIC_URL="$ERRAND_URL" NO_COLOR=1 \
    ERRAND_MODEL_DIR="${ERRAND_MODEL_DIR:-$PWD/.cache/model}" \
    "$ERRAND_BINARY" serve --demo >"$data/server.log" 2>&1 </dev/null &
server=$!

deadline=$((SECONDS + 90))
until curl --silent --fail --output /dev/null "$ERRAND_URL/readyz"; do
    kill -0 "$server" 2>/dev/null || give_up "The server ended before it was ready."
    [ "$SECONDS" -lt "$deadline" ] || give_up "The server was not ready within 90 seconds."
    sleep 0.2
done

ERRAND_CLAIM_LINK=$(grep -oE "$ERRAND_URL/claim\?token=[^[:space:]\"]+" "$data/server.log" | head -n 1 || true)
[ -n "$ERRAND_CLAIM_LINK" ] || give_up "The server printed no sign-in link."
export ERRAND_CLAIM_LINK
export ERRAND_EMAIL="admin@localhost"
ERRAND_PASSWORD="$(python3 -c 'import secrets; print(secrets.token_urlsafe(18))')"
export ERRAND_PASSWORD

cd web
if [ "${1:-}" = --screenshots ]; then
    node e2e/screenshots.mjs
else
    npx --no-install playwright test --reporter=list "$@" </dev/null
fi
