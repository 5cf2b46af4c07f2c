#!/usr/bin/env bash
# Runs Playwright against the real server: the demo on a free port with an empty data directory, both gone afterwards.
# The tests get ERRAND_URL (where it listens), ERRAND_CLAIM_LINK (the one-time link that the first start prints), and the
# account that it signs in with the password that they set: ERRAND_EMAIL, ERRAND_PASSWORD. Arguments go to Playwright.
# ERRAND_BINARY names a binary built before; `--screenshots [NAME…]` renews docs/screenshots, or these of them, instead of
# testing.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=lib/demo-server.sh
. scripts/lib/demo-server.sh

if [ -z "${ERRAND_BINARY:-}" ]; then
    scripts/build-web.sh
    cargo build --quiet --package errand
    ERRAND_BINARY="${CARGO_TARGET_DIR:-target}/debug/errand"
fi
CHROMIUM="${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}"
[ -n "$CHROMIUM" ] || { echo "No Chromium was found. Run scripts/install-test-needs.sh, or set CHROMIUM." >&2; exit 1; }
export CHROMIUM
# With an identity provider at hand (scripts/oidc-for-tests.sh), the sign-in by one is tested too.
if [ -n "${ERRAND_TEST_OIDC_URL:-}" ]; then
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
start_demo
export ERRAND_URL="$url"

ERRAND_CLAIM_LINK=$(grep -oE "$ERRAND_URL/claim\?token=[^[:space:]\"]+" "$data/server.log" | head -n 1 || true)
[ -n "$ERRAND_CLAIM_LINK" ] || give_up "The server printed no sign-in link."
export ERRAND_CLAIM_LINK
export ERRAND_EMAIL="admin@localhost"
ERRAND_PASSWORD="$(python3 -c 'import secrets; print(secrets.token_urlsafe(18))')"
export ERRAND_PASSWORD

cd web
if [ "${1:-}" = --screenshots ]; then
    node e2e/screenshots.mjs "${@:2}"
else
    npx --no-install playwright test --reporter=list "$@" </dev/null
fi
