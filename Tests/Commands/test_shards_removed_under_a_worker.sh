# A worker whose shards are removed while it runs goes on with what it serves, and gets them again for the next load.
start_workers 1
port=$(free_ports 1)
url=http://127.0.0.1:$port
start serve "$shoal" serve --listen "127.0.0.1:$port" --insecure --data-dir "$work/coordinator" "${worker_flags[@]}"
wait_for_port "$port"
place() {
    expect_exit 0 "$shoal" place "$model" --server "$url" --json
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["sent_bytes"])' "$work/out"
}
answer() {
    post /v1/completions '{"prompt": "The capital of France is", "max_tokens": 8, "temperature": 0}'
    [ "$status" = 200 ] || die "status $status: $(head -c 500 "$work/answer")"
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["choices"][0]["text"])' "$work/answer"
}
sent=$(place)
[ "$sent" -gt 1048576 ] || die "only $sent bytes sent"
first=$(answer)
folder=$work/worker-${ports[0]}
[ -d "$folder/shards" ] || die "no shards: $(ls "$folder")"
rm -r "$folder/shards"
[ "$(answer)" = "$first" ] || die "another answer without the files"
expect_exit 0 "$shoal" unload --server "$url"
again=$(place)
[ "$again" = "$sent" ] || die "$again bytes sent again, not $sent"
[ "$(answer)" = "$first" ] || die "another answer after they were sent again"
expect_exit 0 "$shoal" unload --server "$url"
[ "$(place)" = 0 ] || die "sent once more"
