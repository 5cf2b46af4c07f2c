#!/bin/sh
# A private LiteLLM proxy with mock answers, for the tests of the model client against a protocol that is not ours.
#
#   eval "$(scripts/litellm-for-tests.sh)"     install and start if need be, and set ERRAND_TEST_LITELLM_URL
#   scripts/litellm-for-tests.sh stop          stop it
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv="$root/.cache/litellm"
state="$root/.cache/litellm-running"
wanted="$root/scripts/litellm/requirements.txt"

say() { printf '%s\n' "$*" >&2; }

install() {
    if [ -x "$venv/bin/litellm" ] && cmp -s "$wanted" "$venv/requirements.txt"; then return 0; fi
    say "Installing LiteLLM for the tests …"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    cp "$wanted" "$venv/requirements.txt"
}

is_running() {
    [ -f "$state/pid" ] && kill -0 "$(cat "$state/pid")" 2>/dev/null
}

answers() {
    curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$1/health/liveliness"
}

start() {
    rm -rf "$state"
    mkdir -p "$state"
    port=$((20000 + ($$ * 7 + 331) % 20000))
    say "Starting LiteLLM on port $port …"
    LITELLM_TELEMETRY=False LITELLM_LOCAL_MODEL_COST_MAP=True \
        "$venv/bin/litellm" --config "$root/scripts/litellm/config.yaml" --host 127.0.0.1 --port "$port" \
        --telemetry False >"$state/log" 2>&1 9>&- &
    echo $! >"$state/pid"
    echo "$port" >"$state/port"
    tries=0
    until answers "$port"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 240 ] || ! is_running; then
            say "LiteLLM did not start; its log says:"
            tail -n 40 "$state/log" >&2
            stop
            exit 1
        fi
        sleep 1
    done
}

stop() {
    if is_running; then kill "$(cat "$state/pid")" 2>/dev/null || true; fi
    rm -rf "$state"
}

case "${1:-start}" in
start)
    mkdir -p "$root/.cache"
    exec 9>"$root/.cache/litellm.lock"
    command -v flock >/dev/null && flock 9
    install
    is_running || start
    echo "export ERRAND_TEST_LITELLM_URL=http://127.0.0.1:$(cat "$state/port")"
    ;;
stop)
    stop
    ;;
*)
    say "Usage: $0 [start|stop]"
    exit 2
    ;;
esac
