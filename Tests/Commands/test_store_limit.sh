# A worker whose store is too small says so; its limit is reported.
mapfile -t ports < <(free_ports 1)
start worker "$shoal" worker --listen "127.0.0.1:${ports[0]}" --data-dir "$work/store" --store-limit 10MiB --insecure
wait_for_port "${ports[0]}"
expect_exit 1 "$shoal" generate "$model" --prompt Hi --insecure --worker "127.0.0.1:${ports[0]}"
expect_text "$work/err" '\-\-store-limit' 'found no place'
# With room for the layers alone they are packed in memory.
stop_all
start worker "$shoal" worker --listen "127.0.0.1:${ports[0]}" --data-dir "$work/store" --store-limit 70MiB --insecure
wait_for_port "${ports[0]}"
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 2 --insecure --worker "127.0.0.1:${ports[0]}"
[ "$(du -sb "$work/store" | cut -f 1)" -le $((70 << 20)) ] || die "the store takes $(du -sb "$work/store")"
