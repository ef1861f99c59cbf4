# What the shell tests of the commands share. Each test is one file test_*.sh with one behaviour; `run` gives it its folder.
#
# Set by the runner: `shoal` (the program), `model` (the default model), `work` (a folder of the test's own, removed after),
# `profile` (a folder with this device's profile, so that not every worker of every test measures it).

# Seconds after which a wait for something is given up: it ends a test that hangs, however busy the machine is.
patience=180

# start NAME COMMAND...: runs it in the background; its output is in $work/NAME.log. `stop_all` ends what was started.
started=()
start() {
    local name=$1
    shift
    "$@" </dev/null >"$work/$name.log" 2>&1 &
    started+=($!)
}

stop_all() {
    local pid
    for pid in ${started[@]+"${started[@]}"}; do kill -TERM "$pid" 2>/dev/null || true; done
    local deadline=$((SECONDS + 10))
    for pid in ${started[@]+"${started[@]}"}; do
        while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $deadline ]; do sleep 0.05; done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    started=()
}
trap stop_all EXIT

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# expect_exit STATUS COMMAND...: its output is in $work/out, its errors are in $work/err.
expect_exit() {
    local expected=$1 actual=0
    shift
    timeout "$patience" "$@" </dev/null >"$work/out" 2>"$work/err" || actual=$?
    [ "$actual" -eq "$expected" ] ||
        die "exit status $actual, not $expected, of: $*"$'\n'"$(tail -n 20 "$work/out" "$work/err")"
    # Errors are for people: no trace of a crash.
    ! grep -qE 'Fatal error|Thread 0 crashed|Segmentation' "$work/err" || die "crashed: $(head -n 5 "$work/err")"
}

# expect_text FILE PATTERN...: each extended regular expression is found, in any case of letters.
expect_text() {
    local file=$1 pattern
    shift
    for pattern in "$@"; do
        grep -qiE -- "$pattern" "$file" || die "no /$pattern/ in:"$'\n'"$(tail -n 20 "$file")"
    done
}

# wait_for_text FILE PATTERN: until it is there.
wait_for_text() {
    local deadline=$((SECONDS + patience))
    until grep -qiE -- "$2" "$1" 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || die "no /$2/ within $patience s in:"$'\n'"$(tail -n 20 "$1")"
        sleep 0.05
    done
}

# wait_for_port PORT: until something listens there.
wait_for_port() {
    local deadline=$((SECONDS + patience))
    until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || die "nothing listens on port $1: $(tail -n 20 "$work"/*.log)"
        sleep 0.05
    done
}

# wait_for_end PID: until the process is gone.
wait_for_end() {
    local deadline=$((SECONDS + patience))
    while kill -0 "$1" 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || die "still running $patience s later: $(tail -n 20 "$work"/*.log)"
        sleep 0.1
    done
}

# free_ports COUNT: as many ports of loopback that nobody listens on, one per line.
free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys

listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
for listener in listeners:
    print(listener.getsockname()[1])
PYTHON
}

# start_workers COUNT: on free ports; sets `ports`, and `worker_flags` for commands.
start_workers() {
    mapfile -t ports < <(free_ports "$1")
    worker_flags=()
    local port
    for port in "${ports[@]}"; do
        mkdir -p "$work/worker-$port"
        cp "$profile"/profile-*.json "$work/worker-$port"
        start "worker-$port" "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/worker-$port" --name "w$port" --insecure
        worker_flags+=(--worker "127.0.0.1:$port")
    done
    for port in "${ports[@]}"; do wait_for_port "$port"; done
}

# start_serve FLAGS...: serves the default model; sets `url`.
start_serve() {
    local port
    port=$(free_ports 1)
    url=http://127.0.0.1:$port
    start serve "$shoal" serve "$model" --listen "127.0.0.1:$port" --insecure "$@"
    local deadline=$((SECONDS + patience))
    until curl --silent --fail --output /dev/null "$url/health"; do
        [ $SECONDS -lt $deadline ] || die "no model answers: $(tail -n 20 "$work/serve.log")"
        kill -0 "${started[-1]}" 2>/dev/null || die "serve ended: $(tail -n 20 "$work/serve.log")"
        sleep 0.1
    done
}

# post PATH BODY: sets `status` (HTTP); the answer is in $work/answer.
post() {
    status=$(printf '%s' "$2" | curl --silent --show-error --max-time "$patience" --output "$work/answer" --write-out '%{http_code}' \
        --header 'Content-Type: application/json' --data-binary @- "$url$1")
}

# expect_error STATUS PATTERN...: what `post` got is that status with an error in OpenAI's shape.
expect_error() {
    [ "$status" = "$1" ] || die "status $status, not $1: $(head -c 500 "$work/answer")"
    shift
    python3 - "$work/answer" <<'PYTHON' || die "not OpenAI's error shape: $(head -c 500 "$work/answer")"
import json, sys

error = json.load(open(sys.argv[1]))["error"]
assert sorted(error) == ["code", "message", "param", "type"] and error["message"] and error["type"]
PYTHON
    expect_text "$work/answer" "$@"
}
