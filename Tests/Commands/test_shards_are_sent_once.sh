# A second run finds the shards in the workers' stores: nothing is written there again.
start_workers 2
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 2 --temperature 0 --insecure "${worker_flags[@]}" --objective throughput
(cd "$work" && find worker-* -type f -size +100k -printf '%p %s %T@\n' | sort) >"$work/first"
[ -s "$work/first" ] || die "no shards in the stores"
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 2 --temperature 0 --insecure "${worker_flags[@]}" --objective throughput
(cd "$work" && find worker-* -type f -size +100k -printf '%p %s %T@\n' | sort) >"$work/second"
cmp "$work/first" "$work/second"
