# Greedy generation gives the same text locally and over two workers.
flags=(--prompt "The capital of France is" --max-tokens 12 --temperature 0)
expect_exit 0 "$shoal" generate "$model" "${flags[@]}"
cp "$work/out" "$work/local"
[ -s "$work/local" ] || die "no text"
start_workers 2
expect_exit 0 "$shoal" generate "$model" "${flags[@]}" --insecure "${worker_flags[@]}"
cmp "$work/out" "$work/local"
