# A worker that takes the connection and never answers, and one that is not there.
port=$(free_ports 1)
start silent python3 -c 'import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
connections = []
while True: connections.append(listener.accept())' "$port"
wait_for_port "$port"
expect_exit 1 "$shoal" generate "$model" --prompt Hi --insecure --worker "127.0.0.1:$port"
expect_text "$work/err" "127\.0\.0\.1:$port"
stop_all
expect_exit 1 "$shoal" generate "$model" --prompt Hi --insecure --worker "127.0.0.1:$port"
expect_text "$work/err" "127\.0\.0\.1:$port" 'shoal worker'
