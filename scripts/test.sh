#!/usr/bin/env bash
# Every test there is, in one go: Rust (units, properties, both databases, the whole binary), documentation, the web app
# and the browser. Runs all parts even if one fails. The last line is the total: `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."

logs=$(mktemp -d)
passed=0
failed=0
broken=()

finish() {
    scripts/postgres-for-tests.sh stop >/dev/null 2>&1 || true
    scripts/litellm-for-tests.sh stop >/dev/null 2>&1 || true
    scripts/oidc-for-tests.sh stop >/dev/null 2>&1 || true
    scripts/smtp-for-tests.sh stop >/dev/null 2>&1 || true
    rm -rf "$logs"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\033[1m==>\033[0m %s\n' "$1"; }

# Sum of the numbers that stand before a word in a test runner's summary lines.
count() {
    local log=$1 lines=$2 word=$3
    sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E "$lines" | grep -oE "[0-9]+ $word" | awk '{ sum += $1 } END { print sum + 0 }' || true
}

# part <title> <summary lines> <command…>: runs one part and adds its numbers to the totals.
part() {
    local title=$1 lines=$2 log status=0 part_passed part_failed
    shift 2
    log="$logs/${title// /-}"
    step "$title"
    "$@" </dev/null 2>&1 | tee "$log" || status=$?
    part_passed=$(count "$log" "$lines" passed)
    part_failed=$(count "$log" "$lines" failed)
    # What broke before it could count (a build, a crash) is a failure too, and a part without any test is no part.
    if [ "$status" -ne 0 ] && [ "$part_failed" -eq 0 ]; then part_failed=1; fi
    if [ "$status" -eq 0 ] && [ "$part_passed" -eq 0 ] && [ "$title" != "Documentation tests" ]; then
        echo "No test was counted in this part: $title" >&2
        part_failed=1
    fi
    passed=$((passed + part_passed))
    failed=$((failed + part_failed))
    if [ "$part_failed" -gt 0 ]; then broken+=("$title: $part_passed passed, $part_failed failed"); fi
}

total() {
    if [ "${#broken[@]}" -gt 0 ]; then
        step "Failed parts"
        printf '  %s\n' "${broken[@]}"
    fi
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

# prepare <title> <command…>: without it nothing that follows makes sense.
prepare() {
    step "$1"
    if ! "${@:2}" </dev/null; then
        broken+=("$1")
        failed=$((failed + 1))
        total
        exit 1
    fi
}

# The interface that a user sees must be there before the binary that embeds it.
prepare "Checking the tools" scripts/prerequisites.sh
prepare "Installing what the tests need" scripts/install-test-needs.sh
prepare "Building the web app" scripts/build-web.sh
export ERRAND_MODEL_DIR="${ERRAND_MODEL_DIR:-$PWD/.cache/model}"
prepare "Building Errand and fetching the planner's model" cargo run --quiet --package errand -- model install
export ERRAND_IMAGE_DIR="${ERRAND_IMAGE_DIR:-$PWD/.cache/image}"
prepare "Making the image of Python actions, if it isn't there" cargo run --quiet --package errand -- image build

start_postgres() { scripts/postgres-for-tests.sh >"$logs/postgres.env"; }
prepare "Starting a private PostgreSQL" start_postgres
# shellcheck source=/dev/null
. "$logs/postgres.env"
start_litellm() { scripts/litellm-for-tests.sh >"$logs/litellm.env"; }
prepare "Starting a private LiteLLM with mock answers" start_litellm
# shellcheck source=/dev/null
. "$logs/litellm.env"
start_oidc() { scripts/oidc-for-tests.sh >"$logs/oidc.env"; }
prepare "Starting a private identity provider" start_oidc
# shellcheck source=/dev/null
. "$logs/oidc.env"
start_smtp() { scripts/smtp-for-tests.sh >"$logs/smtp.env"; }
prepare "Starting private mail servers" start_smtp
# shellcheck source=/dev/null
. "$logs/smtp.env"

if cargo nextest --version >/dev/null 2>&1; then
    part "Rust tests" "^ +Summary " cargo nextest run --workspace --no-fail-fast
else
    part "Rust tests" "^test result:" cargo test --workspace --lib --bins --tests --no-fail-fast --quiet
fi
part "Documentation tests" "^test result:" cargo test --workspace --doc --quiet
part "Web tests" "^ +Tests " npm --prefix web run --silent test
part "API against its document" "^[0-9]+ passed, [0-9]+ failed" scripts/api-contract.sh
part "Browser tests" "^ +[0-9]+ (passed|failed)" scripts/browser-tests.sh

total
