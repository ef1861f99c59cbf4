# A device joins by a command of its own, which reads the token from standard input; its worker then needs none.
mapfile -t free < <(free_ports 3)
api=${free[0]} join=${free[1]} port=${free[2]}
data="$work/coordinator"
"$shoal" init --data-dir "$data" >/dev/null
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join"
wait_for_text "$work/serve.log" 'devices join at'
token() { "$shoal" token --data-dir "$data" --address "127.0.0.1:$join" 2>/dev/null; }

# Nothing is there to join with, or it is no token; no identity comes of that.
expect_exit 1 "$shoal" join
expect_text "$work/err" 'no join token came from standard input'
expect_exit 1 "$shoal" join --data-dir "$work/none" shoal1.abc
expect_text "$work/err" 'damaged'
expect_exit 2 "$shoal" join --name coordinator -
[ ! -e "$work/none/identity/member.pem" ] || die "a device that was refused has an identity"

first=$(token)
printf '%s\n' "$first" | "$shoal" join --name pi1 >"$work/joined"
expect_text "$work/joined" "pi1 has joined; its identity is in $XDG_DATA_HOME/shoal/worker/identity" 'next: shoal worker$'
[ -z "$(find "$XDG_DATA_HOME/shoal/worker/identity" -type f ! -perm 600)" ] || die "a key can be read by others"
# The same token again changes nothing: the device is the one that it was.
identity=$(sha256sum <"$XDG_DATA_HOME/shoal/worker/identity/member.pem")
printf '%s\n' "$first" | "$shoal" join - >"$work/joined"
expect_text "$work/joined" 'pi1 has joined'
[ "$identity" = "$(sha256sum <"$XDG_DATA_HOME/shoal/worker/identity/member.pem")" ] || die "the identity changed"

cp "$profile"/profile-*.json "$XDG_DATA_HOME/shoal/worker"
start worker "$shoal" worker --listen "127.0.0.1:$port"
wait_for_text "$work/worker.log" 'worker pi1 listens'
expect_exit 0 "$shoal" devices --data-dir "$data" --worker "127.0.0.1:$port" --json
expect_text "$work/out" '"name" *: *"pi1"'

# The folder may be another, and the token an argument or in the environment.
folder="$work/data of pi2"
token | "$shoal" join --name pi2 --data-dir "$folder" --json - >"$work/joined"
python3 - "$work/joined" "$folder" <<'PYTHON'
import json, sys

document = json.load(open(sys.argv[1]))
assert document == {
    "name": "pi2", "folder": sys.argv[2] + "/identity", "started": False, "start_command": f"shoal worker --data-dir '{sys.argv[2]}'"
}, document
PYTHON
expect_exit 0 "$shoal" join --name pi3 --data-dir "$work/pi3" "$(token)"
SHOAL_JOIN=$(token) expect_exit 0 "$shoal" join --name pi4 --data-dir "$work/pi4"
expect_text "$work/out" 'pi4 has joined'
# A name that is taken is refused with the mend.
expect_exit 1 "$shoal" join --name pi1 --data-dir "$work/pi5" "$(token)"
expect_text "$work/err" 'shoal remove pi1'
! grep -qE 'shoal1\.|PRIVATE KEY' "$work"/*.log "$work/joined" "$work/err" || die "a secret is told"
