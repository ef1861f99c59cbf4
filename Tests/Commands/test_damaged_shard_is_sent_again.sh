# A shard that is damaged on a worker's disk is found at the next start, sent again, and the answer is as before.
start_workers 1
worker=$work/worker-${ports[0]}
flags=(--prompt Hi --max-tokens 4 --temperature 0 --insecure "${worker_flags[@]}")
expect_exit 0 "$shoal" generate "$model" "${flags[@]}"
cp "$work/out" "$work/first"
stop_all
shard=$(find "$worker/shards" -name '*.gguf' -size +100k | sort | head -n 1)
cp "$shard" "$work/whole"
printf 'damage' | dd of="$shard" bs=1 seek=50000 conv=notrunc status=none
cmp -s "$shard" "$work/whole" && die "nothing was damaged"
start worker "$shoal" worker --listen "127.0.0.1:${ports[0]}" --data-dir "$worker" --insecure
wait_for_port "${ports[0]}"
expect_exit 0 "$shoal" generate "$model" "${flags[@]}"
cmp "$work/out" "$work/first"
cmp "$shard" "$work/whole"
expect_text "$work/err" 'damaged'
