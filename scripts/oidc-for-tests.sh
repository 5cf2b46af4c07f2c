#!/bin/sh
# A private identity provider for the tests of the sign-in: the real protocol, with its redirects and pages.
#
#   eval "$(scripts/oidc-for-tests.sh)"     install and start if need be, and set ERRAND_TEST_OIDC_URL
#   scripts/oidc-for-tests.sh stop          stop it
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
source="$root/scripts/oidc"
title="an identity provider"
home="$root/.cache/oidc"
state="$root/.cache/oidc-running"
variable=ERRAND_TEST_OIDC_URL
salt=577
. "$root/scripts/lib/service-for-tests.sh"

install() {
    mkdir -p "$home"
    cp "$source/provider.mjs" "$home/"
    if [ -d "$home/node_modules" ] && cmp -s "$source/package-lock.json" "$home/package-lock.json"; then return 0; fi
    say "Installing the identity provider for the tests …"
    cp "$source/package.json" "$source/package-lock.json" "$home/"
    (cd "$home" && npm ci --silent --no-audit --no-fund) >&2 || { rm -f "$home/package-lock.json"; exit 1; }
}

answers() {
    curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$1/.well-known/openid-configuration"
}

serve() {
    # In the shell's place, so that its process is the one that is ended.
    exec node "$home/provider.mjs" "$1"
}

main "$@"
