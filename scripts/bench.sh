#!/usr/bin/env bash
# Builds the release binary, runs the benchmarks and writes docs/benchmarks.md. Arguments go to scripts/bench/main.py:
# `scripts/bench.sh --server-only --seconds 2` is a quick look that writes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

export ERRAND_MODEL_DIR="${ERRAND_MODEL_DIR:-$PWD/.cache/model}"
export ERRAND_IMAGE_DIR="${ERRAND_IMAGE_DIR:-$PWD/.cache/image}"
target="${CARGO_TARGET_DIR:-target}"

step() { printf '\033[1m==>\033[0m %s\n' "$1"; }

if ! command -v wrk >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "The benchmarks need \`wrk\`. Install it (Debian's package \`wrk\`) and run this again." >&2
        exit 1
    fi
    step "Installing wrk"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends wrk </dev/null >/dev/null
fi

step "Building the web app and the release binary"
scripts/build-web.sh
cargo build --quiet --release -p errand --bins --example schedules
rustc -O --edition 2024 -o "$target/bench-upstream" crates/testkit/examples/upstream.rs
"$target/release/errand" model install >/dev/null

# B1 to B3 need the image of Python actions and bubblewrap, which is what they are compared with.
python=()
if command -v bwrap >/dev/null 2>&1 && "$target/release/errand" image build >/dev/null; then
    python=(--image "$ERRAND_IMAGE_DIR")
else
    echo "Python actions are not measured: that needs \`bwrap\` and the image (\`errand image build\`)." >&2
fi

# B9 is measured on PostgreSQL too, where there is one.
eval "$(scripts/postgres-for-tests.sh 2>/dev/null || true)"

# Nothing of what is measured should wait for what builds it.
exec python3 -B scripts/bench/main.py \
    --errand "$target/release/errand" \
    --upstream "$target/bench-upstream" \
    --model "$ERRAND_MODEL_DIR" --schedules "$target/release/examples/schedules" "${python[@]}" \
    --built-from "$(git describe --always --dirty --abbrev=10)" "$@"
