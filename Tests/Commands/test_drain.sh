# Told to end, serve finishes the answers that run, within a limit; new requests get 503 meanwhile; told again, it ends at once.
# ask NAME TOKENS: streams an answer into $work/NAME until it has begun.
ask() {
    curl --silent --no-buffer --max-time 120 -H 'Content-Type: application/json' \
        -d "{\"prompt\": \"Count:\", \"stream\": true, \"max_tokens\": $2, \"ignore_eos\": true}" "$url/v1/completions" >"$work/$1" 2>/dev/null &
    asking=$!
    wait_for_text "$work/$1" 'data: '
}
# expect_end SECONDS: serve is gone within them.
expect_end() {
    local deadline=$((SECONDS + $1))
    while kill -0 "${started[-1]}" 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || die "still running $1 s later"
        sleep 0.1
    done
}

start_serve --context 8192 --drain 100
ask whole 600
kill -TERM "${started[-1]}"
# Until it knows.
deadline=$((SECONDS + 10))
until post /v1/completions '{"prompt": "Hi", "max_tokens": 1}'; [ "$status" = 503 ]; do
    [ $SECONDS -lt $deadline ] || die "takes requests although it is to end: $status"
done
expect_error 503 'shutting down'
curl --silent --include --max-time 5 "$url/health" >"$work/health"
expect_text "$work/health" '^HTTP/1.1 503' '^retry-after: [0-9]+'
curl --silent --include --max-time 5 -H 'Content-Type: application/json' -d '{"prompt": "Hi"}' "$url/v1/completions" >"$work/refused"
expect_text "$work/refused" '^HTTP/1.1 503' '^retry-after: [0-9]+'
wait "$asking" || die "the answer broke off"
tail -n 3 "$work/whole" | grep -q 'data: \[DONE\]' || die "the answer was cut: $(tail -n 3 "$work/whole")"
[ "$(grep -c '"text"' "$work/whole")" -ge 100 ] || die "not the whole answer"
expect_end 10
stop_all

# The limit ends it; the client is told.
start_serve --context 8192 --drain 1
ask cut 8000
kill -TERM "${started[-1]}"
expect_end 8
wait "$asking" || true
expect_text "$work/cut" 'event: error' 'shutting down'
stop_all

start_serve --context 8192 --drain 100
ask given_up 8000
kill -TERM "${started[-1]}"
sleep 0.5
kill -0 "${started[-1]}" || die "ended although an answer runs"
kill -TERM "${started[-1]}"
expect_end 5
