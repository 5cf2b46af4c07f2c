#!/usr/bin/env bash
# npm-ci.sh <folder>: installs the folder's locked packages, unless they are there already.
set -euo pipefail
cd "$(dirname "$0")/../$1"

# npm leaves this file behind; it is older than the lock file when the lock file has changed since.
stamp=node_modules/.package-lock.json
if [ -e "$stamp" ] && [ ! package-lock.json -nt "$stamp" ]; then exit 0; fi
printf '\033[1m==>\033[0m Installing the packages of %s\n' "$1"
npm ci --no-audit --no-fund --loglevel=error </dev/null
mkdir -p node_modules && touch "$stamp"
