# Told to end, serve finishes the answers that run, within a limit; new requests get 503 meanwhile; told again, it ends at once.
# ask NAME TOKENS: streams an answer into $work/NAME until it has begun.
ask() {
    curl --silent --no-buffer --max-time 600 -H 'Content-Type: application/json' \
        -d "{\"prompt\": \"Count:\", \"stream\": true, \"max_tokens\": $2, \"ignore_eos\": true}" "$url/v1/completions" >"$work/$1" 2>/dev/null &
    asking=$!
    wait_for_text "$work/$1" 'data: '
}
# end_told: tells serve to end, and waits until it knows.
end_told() {
    kill -TERM "${started[-1]}"
    local deadline=$((SECONDS + patience))
    until post /v1/completions '{"prompt": "Hi", "max_tokens": 1}'; [ "$status" = 503 ]; do
        [ $SECONDS -lt $deadline ] || die "takes requests although it is to end: $status"
    done
}

start_serve --context 8192 --drain 3600
ask whole 600
end_told
expect_error 503 'shutting down'
curl --silent --include --max-time "$patience" "$url/health" >"$work/health"
expect_text "$work/health" '^HTTP/1.1 503' '^retry-after: [0-9]+'
curl --silent --include --max-time "$patience" -H 'Content-Type: application/json' -d '{"prompt": "Hi"}' "$url/v1/completions" >"$work/refused"
expect_text "$work/refused" '^HTTP/1.1 503' '^retry-after: [0-9]+'
wait "$asking" || die "the answer broke off"
tail -n 3 "$work/whole" | grep -q 'data: \[DONE\]' || die "the answer was cut: $(tail -n 3 "$work/whole")"
[ "$(grep -c '"text"' "$work/whole")" -ge 100 ] || die "not the whole answer"
wait_for_end "${started[-1]}"
stop_all

# The limit ends it; the client is told.
start_serve --context 8192 --drain 1
ask cut 8000
kill -TERM "${started[-1]}"
wait_for_end "${started[-1]}"
wait "$asking" || true
expect_text "$work/cut" 'event: error' 'shutting down'
stop_all

start_serve --context 8192 --drain 3600
ask given_up 8000
end_told
kill -TERM "${started[-1]}"
wait_for_end "${started[-1]}"
! grep -q 'data: \[DONE\]' "$work/given_up" || die "ended after the answer only"
