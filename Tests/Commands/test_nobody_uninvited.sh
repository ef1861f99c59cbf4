# On a closed worker's port plain text, HTTP and TLS without a certificate get a TLS alert at most, and it goes on.
mapfile -t free < <(free_ports 3)
api=${free[0]} join=${free[1]} port=${free[2]}
data="$work/coordinator"
"$shoal" init --data-dir "$data" >/dev/null
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join"
wait_for_text "$work/serve.log" 'devices join at'
mkdir -p "$work/pi1"
cp "$profile"/profile-*.json "$work/pi1"
token=$("$shoal" token --data-dir "$data" --address "127.0.0.1:$join" 2>/dev/null)
start pi1 "$shoal" worker --name pi1 --listen "127.0.0.1:$port" --data-dir "$work/pi1" --join "$token"
wait_for_port "$port"
# Lists of processes do not show the token.
! tr '\0' ' ' <"/proc/${started[-1]}/cmdline" | grep -q shoal1 || die "the token is in the list of processes"

expect_exit 1 "$shoal" devices --insecure --worker "127.0.0.1:$port"
for target in "$port" "$join"; do
    python3 - "$target" <<'PYTHON'
import socket, ssl, sys

port = int(sys.argv[1])


def answer(sent):
    with socket.create_connection(("127.0.0.1", port), timeout=120) as peer:
        peer.sendall(sent)
        got = b""
        try:
            while part := peer.recv(4096):
                got += part
        except ConnectionResetError:
            pass
        return got


for sent in (b"GET / HTTP/1.1\r\nHost: pi1\r\n\r\n", b"hello\n", b"SHOL\x01" + bytes(11), bytes(range(256)) * 40):
    got = answer(sent)
    # Alerts: type 21, version, length 2, two bytes.
    assert len(got) % 7 == 0 and all(got[i] == 21 and got[i + 3:i + 5] == b"\0\2" for i in range(0, len(got), 7)), got
for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    got = b""
    try:
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=120)) as peer:
            assert version == ssl.TLSVersion.TLSv1_3, "TLS 1.2 was taken"
            peer.sendall(b"SHOL\x01" + bytes(11))
            got = peer.recv(4096)
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        pass
    assert got == b"", got
PYTHON
done
expect_exit 0 "$shoal" devices --data-dir "$data" --worker "127.0.0.1:$port"
