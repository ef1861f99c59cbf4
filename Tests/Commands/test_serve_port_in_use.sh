# The port of the API is taken.
port=$(free_ports 1)
start other python3 -m http.server --bind 127.0.0.1 --directory "$work" "$port"
wait_for_port "$port"
expect_exit 1 "$shoal" serve "$model" --listen "127.0.0.1:$port" --insecure
expect_text "$work/err" "$port" 'in use' '\-\-listen'
