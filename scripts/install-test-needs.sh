#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: PostgreSQL, Chromium, curl, what makes the sandbox's image,
# Python's venv and the web app's packages.
set -euo pipefail
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }

packages=()
have curl || packages+=(curl)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3 python3-venv)
have chromium || have chromium-browser || have google-chrome || packages+=(chromium)
have mmdebstrap || packages+=(mmdebstrap)
have bwrap || packages+=(bubblewrap)
have newuidmap || packages+=(uidmap)
compgen -G "/usr/share/keyrings/debian-archive-keyring.*" >/dev/null || packages+=(debian-archive-keyring)
have initdb || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || packages+=(postgresql)

if [ "${#packages[@]}" -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! have apt-get; then
        echo "The tests need these packages: ${packages[*]}. Install them and run this again." >&2
        exit 1
    fi
    printf '\033[1m==>\033[0m Installing %s\n' "${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >/dev/null
fi
scripts/npm-ci.sh web
