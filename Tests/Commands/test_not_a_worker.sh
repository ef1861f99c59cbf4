# A port where something else speaks (HTTP).
port=$(free_ports 1)
start http python3 -m http.server --bind 127.0.0.1 --directory "$work" "$port"
wait_for_port "$port"
expect_exit 1 "$shoal" generate "$model" --prompt Hi --insecure --worker "127.0.0.1:$port"
expect_text "$work/err" "127\.0\.0\.1:$port"
