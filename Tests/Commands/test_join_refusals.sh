# A token that is wrong, expired, used or of another cluster is refused with the reason, and a device without one with the mend.
mapfile -t free < <(free_ports 3)
api=${free[0]} join=${free[1]} port=${free[2]}
data="$work/coordinator"
"$shoal" init --data-dir "$data" >/dev/null
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join"
wait_for_text "$work/serve.log" 'devices join at'
worker=("$shoal" worker --listen "127.0.0.1:$port")
token() { "$shoal" token --data-dir "$data" --address "127.0.0.1:$join" "$@" 2>/dev/null; }

expect_exit 1 "${worker[@]}" --data-dir "$work/none"
expect_text "$work/err" 'shoal token' '--insecure'
good=$(token)
expect_exit 1 "${worker[@]}" --data-dir "$work/damaged" --join "${good%??}"
expect_text "$work/err" 'damaged'
! grep -qF "${good:7:30}" "$work/err" || die "the token is in the error"
# Forgotten by the coordinator: as one whose secret was guessed.
sqlite() { python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' "$data/cluster.sqlite" "$1"; }
wrong=$(token)
sqlite 'DELETE FROM joinToken'
expect_exit 1 "${worker[@]}" --data-dir "$work/wrong" --join "$wrong"
expect_text "$work/err" 'not one of this cluster'
expired=$(token --expires 1s)
sleep 2.1
expect_exit 1 "${worker[@]}" --data-dir "$work/expired" --join "$expired"
expect_text "$work/err" 'has expired'

used=$(token)
mkdir -p "$work/first"
cp "$profile"/profile-*.json "$work/first"
printf '%s\n' "$used" >"$work/token"
"$shoal" worker --listen "127.0.0.1:$port" --name pi1 --data-dir "$work/first" --join - <"$work/token" >"$work/first.log" 2>&1 &
started+=($!)
wait_for_port "$port"
worker=("$shoal" worker --listen "127.0.0.1:$join")
expect_exit 1 "${worker[@]}" --data-dir "$work/second" --name pi2 --join "$used"
expect_text "$work/err" 'used before'
# A name that is taken costs no token.
another=$(token)
expect_exit 1 "${worker[@]}" --data-dir "$work/second" --name pi1 --join "$another"
expect_text "$work/err" 'shoal remove pi1'

# Another cluster's coordinator at the token's address gets no secret.
"$shoal" init --data-dir "$work/other" >/dev/null
foreign=$("$shoal" token --data-dir "$work/other" --address "127.0.0.1:$join" 2>/dev/null)
expect_exit 1 "${worker[@]}" --data-dir "$work/second" --name pi2 --join "$foreign"
expect_text "$work/err" 'no secure link'
expect_exit 2 "${worker[@]}" --data-dir "$work/second" --join "$another" --insecure
[ ! -e "$work/second/identity/member.pem" ] || die "a device that was refused has an identity"
# Nor is a name taken that pins mean the coordinator by, or that forges lines.
for name in coordinator $'pi2\nerror' 192.168.1.7 pi2:7077 "$(printf 'p%.0s' {1..65})" 'pí2' -pi2; do
    expect_exit 2 "${worker[@]}" --data-dir "$work/second" --name="$name" --join "$another"
    expect_text "$work/err" 'give this one another with --name'
done
# Nor one that looks like a member's.
expect_exit 1 "${worker[@]}" --data-dir "$work/second" --name Pil --join "$another"
expect_text "$work/err" 'shoal remove pi1'
