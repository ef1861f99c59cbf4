# The port of a second worker is taken: it is named, with --listen.
start_workers 1
expect_exit 1 "$shoal" worker --listen "127.0.0.1:${ports[0]}" --data-dir "$work/second" --insecure
expect_text "$work/err" "${ports[0]}" 'in use' '\-\-listen'
