#!/bin/sh
# A private PostgreSQL for the tests: fast (nothing is synced to disk), on a free port, and gone after `stop`.
#
#   eval "$(scripts/postgres-for-tests.sh)"     start if need be, and set ERRAND_TEST_POSTGRES_URL
#   scripts/postgres-for-tests.sh stop          stop it and delete its data
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
state="${ERRAND_TEST_POSTGRES_DIR:-${TMPDIR:-/tmp}/errand-test-postgres-$(id -u)-$(printf %s "$root" | cksum | cut -d' ' -f1)}"

say() { printf '%s\n' "$*" >&2; }

# PostgreSQL refuses to run as root, so root borrows the `postgres` user.
as_owner() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

find_binaries() {
    for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V -r); do
        if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ]; then echo "$dir"; return 0; fi
    done
    if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then dirname "$(command -v initdb)"; return 0; fi
    return 1
}

install_binaries() {
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "PostgreSQL is not installed. Install the package 'postgresql' and run this again."
        exit 1
    fi
    say "Installing PostgreSQL …"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >&2
}

is_running() {
    [ -f "$state/data/postmaster.pid" ] && as_owner "$bin/pg_ctl" -D "$state/data" status >/dev/null 2>&1
}

start() {
    rm -rf "$state"
    mkdir -p "$state"
    if [ "$(id -u)" -eq 0 ]; then chown postgres "$state"; fi
    chmod 700 "$state"
    say "Starting PostgreSQL in $state …"
    (cd "$state" && as_owner "$bin/initdb" -D "$state/data" -U errand --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
        --no-sync >"/dev/null")
    # A port may be taken, so a few are tried.
    for try in 1 2 3 4 5 6 7 8; do
        port=$((20000 + ($$ + try * 997) % 20000))
        options="-c port=$port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$state"
        options="$options -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300"
        if (cd "$state" && as_owner "$bin/pg_ctl" -D "$state/data" -l "$state/log" -w -t 60 -o "$options" start >/dev/null); then
            echo "$port" >"$state/port"
            return 0
        fi
    done
    say "PostgreSQL did not start; its log says:"
    cat "$state/log" >&2
    exit 1
}

bin=$(find_binaries) || { install_binaries; bin=$(find_binaries); }

case "${1:-start}" in
start)
    # Several test runs may start at once; the lock lets one of them do it.
    exec 9>"$state.lock"
    command -v flock >/dev/null && flock 9
    is_running || start 9>&-
    echo "export ERRAND_TEST_POSTGRES_URL=postgres://errand@127.0.0.1:$(cat "$state/port")/postgres"
    ;;
stop)
    if is_running; then as_owner "$bin/pg_ctl" -D "$state/data" -m immediate stop >/dev/null; fi
    rm -rf "$state" "$state.lock"
    ;;
*)
    say "Usage: $0 [start|stop]"
    exit 2
    ;;
esac
