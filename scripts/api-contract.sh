#!/usr/bin/env bash
# Tries the API against the document that it serves, with Schemathesis: no failure of the server, and no status, type of
# content or shape that is not documented. The server is real, with the demo, on an empty data directory; one run has a key
# that may do everything, one has none. ERRAND_BINARY names a binary built before. Prints `N passed` or `N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."

venv="$PWD/.cache/schemathesis"
wanted="$PWD/scripts/schemathesis/requirements.txt"
# shellcheck source=lib/demo-server.sh
. scripts/lib/demo-server.sh

if ! cmp -s "$wanted" "$venv/requirements.txt"; then
    echo "Installing Schemathesis …"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    cp "$wanted" "$venv/requirements.txt"
fi
if [ -z "${ERRAND_BINARY:-}" ]; then
    cargo build --quiet --package errand
    ERRAND_BINARY="${CARGO_TARGET_DIR:-target}/debug/errand"
fi

# The tries come faster than any caller may ask, and none is to be about that.
echo 'requests_per_minute_max = 1000000' >"$data/state/errand.toml"
start_demo
key=$(cat "$data/state/local.key")

# make <method> <path> <body> <field of the reply>: one of each thing that ids are needed of.
make() {
    local reply
    reply=$(curl --silent --show-error --fail-with-body --request "$1" --header "x-api-key: $key" \
        --header 'content-type: application/json' --data "$3" "$url/api/v1/$2") || give_up "$1 $2: $reply"
    python3 -c 'import json, sys; print(eval("reply" + sys.argv[1], {"reply": json.load(sys.stdin)}))' "$4" <<<"$reply"
}

suite() { make POST demo/lab/suites "{\"name\": \"$1\"}" '["id"]'; }
case_in() { make POST "demo/lab/suites/$1/cases" '{"cases": [{"question": "Where is my order 12345?", "expected": {}}]}' '["items"][0]["id"]'; }
user() { make POST users "{\"email\": \"$1@example.com\"}" '["id"]'; }

answer='{"question": "Where is my refund for order 12345?"}'
CONTRACT_CONVERSATION=$(make POST demo/answer "$answer" '["session_id"]')
CONTRACT_TURN=$(make POST demo/answer "$answer" '["turn_id"]')
CONTRACT_EXECUTION=$(make POST demo/answer "$answer" '["references"][0]["execution_id"]')
CONTRACT_SUITE=$(suite kept)
CONTRACT_CASE=$(case_in "$CONTRACT_SUITE")
CONTRACT_USER=$(user kept)
CONTRACT_ACTION=order_status
CONTRACT_TEMPLATE=order_status
CONTRACT_DOOMED_CONVERSATION=$(make POST demo/answer "$answer" '["session_id"]')
CONTRACT_DOOMED_SUITE=$(suite doomed)
CONTRACT_DOOMED_CASE=$(case_in "$CONTRACT_SUITE")
CONTRACT_DOOMED_USER=$(user doomed)
CONTRACT_DOOMED_KEY=$(make POST keys '{"name": "doomed", "scopes": ["ask"]}' '["id"]')
CONTRACT_DOOMED_ACTION=pto_balance
CONTRACT_DOOMED_SECRET=$(make POST demo/secrets '{"name": "DOOMED", "value": "not needed"}' '["name"]')
make POST gurus '{"slug": "doomed"}' '["id"]' >/dev/null
export "${!CONTRACT_@}"

failed=0
# try <title> <arguments…>
try() {
    echo "$1"
    shift
    (cd "$data" && "$venv/bin/schemathesis" --config-file "$OLDPWD/scripts/schemathesis/schemathesis.toml" --no-color \
        run "$url/api/openapi.json" --workers 2 --warnings off "$@" </dev/null) || failed=$((failed + 1))
    kill -0 "$server" 2>/dev/null || give_up "The server ended."
}
try "Without credentials" --max-examples 2 --phases coverage,fuzzing --mode positive
try "With a key for everything" --header "x-api-key: $key"
echo "$((2 - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
