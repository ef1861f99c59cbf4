# Plain links must be asked for on both sides, and are named where they are used.
port=$(free_ports 1)
expect_exit 1 "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/data"
expect_text "$work/err" 'shoal init' '--insecure'
expect_exit 1 "$shoal" serve "$model" --listen 127.0.0.1:0 --data-dir "$work/coordinator" --worker "127.0.0.1:$port"
expect_text "$work/err" 'shoal init' '--insecure'
start worker "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/data" --insecure
wait_for_text "$work/worker.log" 'neither encrypted nor authenticated'
wait_for_port "$port"
expect_exit 1 "$shoal" devices --worker "127.0.0.1:$port" --data-dir "$work/coordinator"
expect_text "$work/err" '--insecure'
expect_exit 0 "$shoal" devices --worker "127.0.0.1:$port" --insecure
expect_text "$work/err" 'neither encrypted nor authenticated'
# One side alone is not enough: the coordinator of a closed cluster says so.
"$shoal" init --data-dir "$work/coordinator" >/dev/null
expect_exit 1 "$shoal" devices --worker "127.0.0.1:$port" --data-dir "$work/coordinator"
expect_text "$work/err" 'no secure link' '--insecure'
