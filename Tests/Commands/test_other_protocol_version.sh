# A worker of another protocol version: both versions are named, and what to do.
port=$(free_ports 1)
start old python3 "$here/fake_worker.py" "$port" 7 9
wait_for_port "$port"
expect_exit 1 "$shoal" generate "$model" --prompt Hi --insecure --worker "127.0.0.1:$port"
expect_text "$work/err" 'version' '\b7\b' '\b9\b' '\b1\b'
