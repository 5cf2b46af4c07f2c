# How a private service for the tests is started once and shared; sourced by the scripts that know one service. They set
# `title`, `home` (the folder that it is installed in), `state` (of the running one), `variable` (what is told of it) and
# `salt` (so that two services seldom choose the same port), and define `install`, `answers PORT` and `serve PORT`.

say() { printf '%s\n' "$*" >&2; }

is_running() {
    [ -f "$state/pid" ] && kill -0 "$(cat "$state/pid")" 2>/dev/null
}

start() {
    rm -rf "$state"
    mkdir -p "$state"
    port=$((20000 + ($$ * 7 + salt) % 20000))
    say "Starting $title on port $port …"
    serve "$port" >"$state/log" 2>&1 9>&- &
    echo $! >"$state/pid"
    echo "$port" >"$state/port"
    tries=0
    until answers "$port"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 240 ] || ! is_running; then
            say "It did not start ($title); its log says:"
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

# main [start|stop]
main() {
    case "${1:-start}" in
    start)
        mkdir -p "$(dirname "$home")"
        exec 9>"$home.lock"
        command -v flock >/dev/null && flock 9
        install
        is_running || start
        echo "export $variable=http://127.0.0.1:$(cat "$state/port")"
        ;;
    stop)
        stop
        ;;
    *)
        say "Usage: $0 [start|stop]"
        exit 2
        ;;
    esac
}
