# A pin to a device that is not there.
start_workers 1
expect_exit 1 "$shoal" generate "$model" --prompt Hi --insecure "${worker_flags[@]}" --pin 0-3=nobody
expect_text "$work/err" 'nobody'
