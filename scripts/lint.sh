#!/usr/bin/env bash
# Every check that needs no running code. Runs all of them and fails if any failed.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=()

check() {
    printf '\033[1m==>\033[0m %s\n' "$1"
    "${@:2}" </dev/null || failed+=("$1")
}

scripts/build-web.sh
check "Rust formatting" cargo fmt --all --check
check "Clippy" cargo clippy --workspace --all-targets --quiet -- -D warnings
if cargo deny --version >/dev/null 2>&1; then
    check "Dependencies: bans, licences, sources" cargo deny --log-level error check bans licenses sources
    if git ls-remote --exit-code https://github.com/rustsec/advisory-db HEAD >/dev/null 2>&1; then
        check "Dependencies: advisories" cargo deny --log-level error check advisories
    else
        echo "The advisory database can't be reached; known vulnerabilities were not looked up."
    fi
else
    echo "cargo-deny is not installed (make setup installs it); dependencies were not checked."
fi
check "Web app" npm --prefix web run --silent lint

if [ "${#failed[@]}" -gt 0 ]; then
    printf 'These checks failed:\n' >&2
    printf '  - %s\n' "${failed[@]}" >&2
    exit 1
fi
echo "All checks passed."
