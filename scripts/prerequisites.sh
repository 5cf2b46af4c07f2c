#!/usr/bin/env bash
# Says what is missing to build Errand, all at once, and how to get it.
set -euo pipefail

node_min="20.19"
missing=()

have() { command -v "$1" >/dev/null 2>&1; }

# Whether version $1 is at least $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

have cargo || missing+=("cargo: install Rust from https://rustup.rs")
have cc || missing+=("cc: install a C compiler, such as Debian's package \`build-essential\`")
have python3 || missing+=("python3: install Python 3, such as Debian's package \`python3\`")
have npm || missing+=("npm: it comes with Node.js; install Node.js $node_min or newer")
if have node; then
    node_version=$(node --version)
    at_least "${node_version#v}" "$node_min" ||
        missing+=("node: version ${node_version#v} is too old; install Node.js $node_min or newer")
else
    missing+=("node: install Node.js $node_min or newer from https://nodejs.org")
fi

if [ "${#missing[@]}" -gt 0 ]; then
    printf 'Errand needs a few things that this machine lacks:\n' >&2
    printf '  - %s\n' "${missing[@]}" >&2
    exit 1
fi
