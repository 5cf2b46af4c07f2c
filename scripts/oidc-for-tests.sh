#!/bin/sh
# A private identity provider for the tests of the sign-in: the real protocol, with its redirects and pages.
#
#   eval "$(scripts/oidc-for-tests.sh)"     install and start if need be, and set ERRAND_TEST_OIDC_URL
#   scripts/oidc-for-tests.sh stop          stop it
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
source="$root/scripts/oidc"
home="$root/.cache/oidc"
state="$root/.cache/oidc-running"

say() { printf '%s\n' "$*" >&2; }

install() {
    mkdir -p "$home"
    cp "$source/provider.mjs" "$home/"
    if [ -d "$home/node_modules" ] && cmp -s "$source/package-lock.json" "$home/package-lock.json"; then return 0; fi
    say "Installing the identity provider for the tests …"
    cp "$source/package.json" "$source/package-lock.json" "$home/"
    (cd "$home" && npm ci --silent --no-audit --no-fund) >&2 || { rm -f "$home/package-lock.json"; exit 1; }
}

is_running() {
    [ -f "$state/pid" ] && kill -0 "$(cat "$state/pid")" 2>/dev/null
}

answers() {
    curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$1/.well-known/openid-configuration"
}

start() {
    rm -rf "$state"
    mkdir -p "$state"
    port=$((20000 + ($$ * 7 + 577) % 20000))
    say "Starting an identity provider on port $port …"
    node "$home/provider.mjs" "$port" >"$state/log" 2>&1 9>&- &
    echo $! >"$state/pid"
    echo "$port" >"$state/port"
    tries=0
    until answers "$port"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 240 ] || ! is_running; then
            say "The identity provider did not start; its log says:"
            tail -n 40 "$state/log" >&2
            stop
            exit 1
        fi
        sleep 0.5
    done
}

stop() {
    if is_running; then kill "$(cat "$state/pid")" 2>/dev/null || true; fi
    rm -rf "$state"
}

case "${1:-start}" in
start)
    mkdir -p "$root/.cache"
    exec 9>"$root/.cache/oidc.lock"
    command -v flock >/dev/null && flock 9
    install
    is_running || start
    echo "export ERRAND_TEST_OIDC_URL=http://127.0.0.1:$(cat "$state/port")"
    ;;
stop)
    stop
    ;;
*)
    say "Usage: $0 [start|stop]"
    exit 2
    ;;
esac
