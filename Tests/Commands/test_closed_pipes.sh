# Whoever reads a command's output may go away: commands end quietly, a worker and a coordinator go on.
broken() { # broken STATUS COMMAND...: its output is closed before it begins.
    local expected=$1 status=0
    shift
    { timeout 120 "$@" </dev/null 2>"$work/err" || echo $? >"$work/status"; } | true
    status=$(cat "$work/status" 2>/dev/null || echo 0)
    rm -f "$work/status"
    [ "$status" = "$expected" ] || die "exit status $status, not $expected, of: $*"$'\n'"$(tail -n 20 "$work/err")"
    [ ! -s "$work/err" ] || ! grep -qE 'Fatal error|rashed' "$work/err" || die "crashed: $(head -n 5 "$work/err")"
}
start_workers 2
# Ended as by SIGPIPE, 13.
broken 141 "$shoal" inspect "$model"
broken 141 "$shoal" devices --insecure "${worker_flags[@]}"
broken 141 "$shoal" generate "$model" --prompt Hi --max-tokens 64 --insecure "${worker_flags[@]}"
# Even so its stages are gone.
expect_exit 0 "$shoal" devices --insecure --json "${worker_flags[@]}"
[ "$(grep -c '"holds" : \[' "$work/out")" = 2 ] && ! grep -q 'layers' "$work/out" || die "stages are left: $(cat "$work/out")"
# Errors that nobody reads do not change what a command does.
{ "$shoal" inspect "$work/nothing.gguf" 2>&1 >/dev/null || echo $? >"$work/status"; } | true
[ "$(cat "$work/status")" = 141 ] || [ "$(cat "$work/status")" = 1 ] || die "status $(cat "$work/status")"
# A disk that is full.
if [ -w /dev/full ]; then
    status=0
    "$shoal" version >/dev/full 2>"$work/err" || status=$?
    [ "$status" = 1 ] || die "status $status with a full disk"
    expect_text "$work/err" 'cannot be written'
fi
# A worker and a coordinator whose log's readers are gone.
mapfile -t own < <(free_ports 2)
mkfifo "$work/worker.pipe" "$work/serve.pipe"
cat <"$work/worker.pipe" >"$work/first" &
reader=$!
mkdir -p "$work/unread"
cp "$profile"/profile-*.json "$work/unread"
"$shoal" worker --listen "127.0.0.1:${own[0]}" --data-dir "$work/unread" --insecure </dev/null >"$work/worker.pipe" 2>&1 &
started+=($!)
worker=$!
wait_for_port "${own[0]}"
kill "$reader"
wait "$reader" || true
for _ in 1 2; do
    expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 2 --insecure --worker "127.0.0.1:${own[0]}"
done
kill -0 "$worker" || die "the worker ended with its log's reader"
cat <"$work/serve.pipe" >"$work/second" &
reader=$!
"$shoal" serve --listen "127.0.0.1:${own[1]}" --insecure --worker "127.0.0.1:${own[0]}" </dev/null >"$work/serve.pipe" 2>&1 &
started+=($!)
serve=$!
wait_for_port "${own[1]}"
kill "$reader"
wait "$reader" || true
expect_exit 0 "$shoal" place "$model" --server "http://127.0.0.1:${own[1]}"
kill -0 "$serve" || die "the coordinator ended with its log's reader"
