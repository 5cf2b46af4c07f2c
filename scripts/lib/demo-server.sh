# The real server with the demo on a free port and an empty data directory, both gone when the script ends; sourced.
# Sets `data` (a folder of the script's own) and, once `start_demo` returns, `url` and `server`. What is to be in
# `errand.toml` goes to "$data/state/errand.toml" before. ERRAND_BINARY names a binary built before.

data=$(mktemp -d)
mkdir "$data/state"
server=""

finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$data"
}
trap finish EXIT
trap 'exit 130' INT TERM

give_up() {
    echo "$1 The server said:" >&2
    tail -n 40 "$data/server.log" >&2
    exit 1
}

start_demo() {
    local port deadline
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    url="http://127.0.0.1:$port"
    env -u ERRAND_DATABASE_URL -u ERRAND_CONFIG ERRAND_DATA_DIR="$data/state" ERRAND_LISTEN="127.0.0.1:$port" \
        ERRAND_PUBLIC_URL="$url" ERRAND_MODEL_DIR="${ERRAND_MODEL_DIR:-$PWD/.cache/model}" NO_COLOR=1 \
        "$ERRAND_BINARY" serve --demo >"$data/server.log" 2>&1 </dev/null &
    server=$!
    deadline=$((SECONDS + 90))
    until curl --silent --fail --output /dev/null "$url/readyz"; do
        kill -0 "$server" 2>/dev/null || give_up "The server ended before it was ready."
        [ "$SECONDS" -lt "$deadline" ] || give_up "The server was not ready within 90 seconds."
        sleep 0.2
    done
}
