# A worker that is started again maps the packed shards in its store.
start_workers 1
worker=$work/worker-${ports[0]}
flags=(--prompt Hi --max-tokens 2 --temperature 0 --insecure "${worker_flags[@]}")
expect_exit 0 "$shoal" generate "$model" "${flags[@]}"
cp "$work/out" "$work/first"
expect_text "$worker.log" "matrices: 0 mapped, [1-9][0-9]* packed and kept, 0 packed"
shards=$(find "$worker/shards" -name '*.packed' | wc -l)
[ "$shards" -ge 30 ] || die "$shards packed shards"
stop_all
start "worker" "$shoal" worker --listen "127.0.0.1:${ports[0]}" --data-dir "$worker" --insecure
wait_for_port "${ports[0]}"
expect_exit 0 "$shoal" generate "$model" "${flags[@]}"
cmp "$work/out" "$work/first"
expect_text "$work/worker.log" "matrices: [1-9][0-9]* mapped, 0 packed and kept, 0 packed"
