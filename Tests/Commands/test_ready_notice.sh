# Worker and coordinator tell systemd when they are ready: on the socket of NOTIFY_SOCKET, a path or an abstract name, once they listen.
cat >"$work/wait.py" <<'PYTHON'
import os, socket, subprocess, sys, urllib.request

name, url, *command = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(name.replace("@", "\0", 1))
listener.settimeout(180)
process = subprocess.Popen(command, env=os.environ | {"NOTIFY_SOCKET": name})
try:
    message = listener.recv(4096).decode()
    # Ready is who can be reached already.
    host, port = url.rsplit(":", 1)
    socket.create_connection((host, int(port))).close()
    print(message)
    assert process.poll() is None
finally:
    process.terminate()
    assert process.wait(60) == 0
PYTHON
port=$(free_ports 1)
mkdir -p "$work/data"
cp "$profile"/profile-*.json "$work/data"
python3 "$work/wait.py" "$work/notify" "127.0.0.1:$port" "$shoal" worker --listen "127.0.0.1:$port" --name nemo --insecure --data-dir "$work/data" >"$work/message"
[ "$(head -n 1 "$work/message")" = READY=1 ] || die "not ready: $(cat "$work/message")"
expect_text "$work/message" "^STATUS=nemo listens on 127.0.0.1:$port\$"
port=$(free_ports 1)
python3 "$work/wait.py" "@shoal-test-$$" "127.0.0.1:$port" "$shoal" serve --listen "127.0.0.1:$port" --insecure --data-dir "$work/coordinator" >"$work/message"
[ "$(head -n 1 "$work/message")" = READY=1 ] || die "not ready: $(cat "$work/message")"
expect_text "$work/message" '^STATUS=no model yet'
# Where nobody listens, or the name is none, it makes no difference.
port=$(free_ports 1)
NOTIFY_SOCKET=$work/nobody start worker "$shoal" worker --listen "127.0.0.1:$port" --insecure --data-dir "$work/data"
wait_for_port "$port"
