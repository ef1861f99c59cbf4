# Packed layers that are cut on a worker's disk while they are computed with end nothing: the answer is as before, from shards sent again.
start_workers 1
start_serve "${worker_flags[@]}"
worker=${started[0]}
body='{"prompt": "Hi", "max_tokens": 8, "temperature": 0}'
post /v1/completions "$body"
[ "$status" = 200 ] || die "status $status: $(head -c 500 "$work/answer")"
text() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["choices"][0]["text"])' "$work/answer"; }
text >"$work/first"
# A layer's packed form, and a shard that is to be packed again from.
packed=$(find "$work/worker-${ports[0]}/shards" -name '*.packed' | sort | head -n 1)
shard=${packed%.packed}.gguf
truncate --size 5000 "$packed" "$shard"
post /v1/completions '{"prompt": "Something else that is not cached", "max_tokens": 8, "temperature": 0}'
[ "$status" = 200 ] || die "status $status: $(head -c 500 "$work/answer")"
post /v1/completions "$body"
[ "$status" = 200 ] || die "status $status: $(head -c 500 "$work/answer")"
text >"$work/second"
cmp "$work/first" "$work/second"
kill -0 "$worker" || die "the worker ended: $(tail -n 20 "$work/worker-${ports[0]}.log")"
[ "$(stat -c %s "$shard")" -gt 5000 ] && [ "$(stat -c %s "$packed")" -gt 5000 ] || die "nothing was sent or packed again"
expect_text "$work/worker-${ports[0]}.log" 'made shorter'
