# Keys shut out others, not the coordinator's owner: commands on its machine are let in by its folder, and the secret goes nowhere else.
mapfile -t free < <(free_ports 3)
api=${free[0]} other=${free[1]}
url=http://127.0.0.1:$api
data="$work/coordinator"
# A machine that is no coordinator makes no key, nor a folder.
for command in "add phone" "list" "remove phone"; do
    expect_exit 1 "$shoal" key $command --data-dir "$data"
    expect_text "$work/err" 'no coordinator' 'shoal init'
done
[ ! -e "$data" ] || die "a folder was made"
start serve "$shoal" serve "$model" --listen "127.0.0.1:$api" --insecure --data-dir "$data"
wait_for_text "$work/serve.log" 'answers at'
[ "$(stat --format %a "$data/owner.json")" = 600 ] || die "others can read the owner's key"
key=$("$shoal" key add phone --data-dir "$data" 2>/dev/null)
deadline=$((SECONDS + patience))
until [ "$(curl --silent --output /dev/null --write-out '%{http_code}' "$url/v1/models")" = 401 ]; do
    [ $SECONDS -lt $deadline ] || die "the API asks for no key"
    sleep 0.1
done
for command in "status --json" "devices --json" "models --json" "place $(printf '%q' "$model")" "rebalance"; do
    eval "arguments=($command)"
    expect_exit 0 "$shoal" "${arguments[@]}" --server "$url" --data-dir "$data"
done
expect_exit 0 "$shoal" status --json --server "http://localhost:$api" --data-dir "$data"
printf 'Hi\n/exit\n' | timeout 120 "$shoal" chat --server "$url" --data-dir "$data" --max-tokens 3 >"$work/out" || die "chat is refused"
# SHOAL_SERVER is a default, and a standard folder needs no flag.
SHOAL_SERVER=$url expect_exit 0 "$shoal" status --json --data-dir "$data"
mkdir -p "$XDG_DATA_HOME/shoal"
ln -s "$data" "$XDG_DATA_HOME/shoal/coordinator"
SHOAL_SERVER=$url expect_exit 0 "$shoal" status --json
rm "$XDG_DATA_HOME/shoal/coordinator"
# Who has neither folder nor key is told what to do; chat before anything is typed.
expect_exit 1 "$shoal" status --json --server "$url"
expect_text "$work/err" '\-\-data-dir' 'SHOAL_API_KEY'
expect_exit 1 "$shoal" chat --server "$url" </dev/null
expect_text "$work/err" 'SHOAL_API_KEY'
expect_exit 2 "$shoal" status --server nonsense
expect_text "$work/err" 'SHOAL_SERVER'
SHOAL_API_KEY=$key expect_exit 0 "$shoal" status --json --server "$url"

# What listens at another port of this machine gets no secret; nor does a file that others can read count.
python3 - "$other" >"$work/heard" <<'PYTHON' &
import socket, sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
connection, _ = listener.accept()
print(connection.recv(65536).decode(), flush=True)
connection.sendall(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
PYTHON
started+=($!)
deadline=$((SECONDS + patience))
until "$shoal" status --json --server "http://127.0.0.1:$other" --data-dir "$data" >/dev/null 2>"$work/err"; [ -s "$work/heard" ]; do
    [ $SECONDS -lt $deadline ] || die "nobody asked"
    sleep 0.1
done
expect_text "$work/heard" 'GET /api/cluster'
! grep -qi authorization "$work/heard" || die "a secret was sent to another port"
secret=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["secret"])' "$data/owner.json")
! grep -qF -- "$secret" "$work/serve.log" "$work/err" || die "the secret is told"
chmod 644 "$data/owner.json"
expect_exit 1 "$shoal" status --json --server "$url" --data-dir "$data"
expect_text "$work/err" 'owner'
# A coordinator that has ended leaves none, and the next has another.
chmod 600 "$data/owner.json"
kill -TERM "${started[0]}"
wait "${started[0]}" || true
[ ! -e "$data/owner.json" ] || die "the owner's key is left"
start again "$shoal" serve --listen "127.0.0.1:$api" --insecure --require-key --data-dir "$data"
wait_for_port "$api"
deadline=$((SECONDS + patience))
until [ -e "$data/owner.json" ]; do [ $SECONDS -lt $deadline ] || die "no owner's key"; sleep 0.1; done
[ "$(curl --silent --output /dev/null --write-out '%{http_code}' --header "Authorization: Bearer $secret" "$url/v1/models")" = 401 ] ||
    die "an old secret is taken"
expect_exit 0 "$shoal" status --json --server "$url" --data-dir "$data"
