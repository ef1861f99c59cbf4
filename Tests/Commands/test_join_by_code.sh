# A device shows a code, which lets it in when it is typed on the coordinator's machine: that device, and no other.
mapfile -t free < <(free_ports 3)
api=${free[0]} join=${free[1]} port=${free[2]}
data="$work/coordinator"
server=(--server "http://127.0.0.1:$api" --data-dir "$data")

# The coordinator is there before the cluster: it takes devices once that is made.
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join"
wait_for_text "$work/serve.log" 'no model yet at'
expect_exit 1 "$shoal" approve "${server[@]}" K7QX-M2VD
expect_text "$work/err" 'shoal init'
expect_exit 0 "$shoal" init --data-dir "$data"
expect_text "$work/out" 'the coordinator that runs here takes devices' 'shoal approve'
wait_for_text "$work/serve.log" 'devices join at'
expect_exit 1 "$shoal" init --data-dir "$data"
expect_text "$work/err" 'is there already'

# Nobody waits; what was typed is no code, or nobody's.
expect_exit 0 "$shoal" approve "${server[@]}"
expect_text "$work/out" 'no device waits' 'shoal join'
expect_exit 1 "$shoal" approve "${server[@]}" K7QX
expect_text "$work/err" 'no code'
expect_exit 1 "$shoal" approve "${server[@]}" K7QX-M2VD
expect_text "$work/err" 'no device waits with this code' 'none waits now'

# code_of NAME: what it shows.
code_of() {
    wait_for_text "$work/$1.log" 'shoal approve [0-9A-Z]{4}-[0-9A-Z]{4}'
    sed -n 's/.*shoal approve \([0-9A-Z-]*\).*/\1/p' "$work/$1.log" | tail -n 1
}
pids=()
for name in pi1 pi2; do
    start "$name" "$shoal" join "127.0.0.1:$join" --name "$name" --data-dir "$work/$name"
    pids+=("${started[-1]}")
done
one=$(code_of pi1) two=$(code_of pi2)
[ "${one:0:1}" != "${two:0:1}" ] || die "two devices have one place: $one $two"
expect_exit 0 "$shoal" approve "${server[@]}" --json
python3 - "$work/out" <<'PYTHON'
import json, sys

text = open(sys.argv[1]).read()
devices = json.loads(text)["devices"]
assert sorted((d["name"], d["address"]) for d in devices) == [("pi1", "127.0.0.1"), ("pi2", "127.0.0.1")], devices
assert all(sorted(d) == ["address", "name", "seconds"] and d["seconds"] >= 0 for d in devices), devices
PYTHON
! grep -qE "$one|$two" "$work/out" || die "a code is told"

# The second joins, typed in small letters on standard input; the first waits on.
printf '%s\n' "${two,,}" | "$shoal" approve "${server[@]}" >"$work/approved"
expect_text "$work/approved" 'pi1 \(127\.0\.0\.1\), for' '^pi2 \(127\.0\.0\.1\) has joined'
wait_for_end "${pids[1]}"
expect_text "$work/pi2.log" 'pi2 has joined; its identity is in' 'next: shoal worker'
[ ! -e "$work/pi1/identity/member.pem" ] || die "another device was let in"
expect_exit 1 "$shoal" approve "${server[@]}" "$two"
expect_text "$work/err" 'no device waits with this code' 'these wait: pi1'

# Its worker needs nothing more.
cp "$profile"/profile-*.json "$work/pi2"
start worker "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/pi2"
wait_for_text "$work/worker.log" 'worker pi2 listens'
expect_exit 0 "$shoal" devices --data-dir "$data" --worker "127.0.0.1:$port" --json
expect_text "$work/out" '"name" *: *"pi2"'

# Three wrong codes of its place end it.
last=${one: -1}
wrong=${one%?}$([ "$last" = 7 ] && echo 8 || echo 7)
for left in 2 1; do
    expect_exit 1 "$shoal" approve "${server[@]}" "$wrong"
    expect_text "$work/err" 'pi1 .*does not show this code' "$left more"
    wait_for_text "$work/pi1.log" "$left more may be"
done
expect_exit 1 "$shoal" approve "${server[@]}" "$wrong"
expect_text "$work/err" 'waits no more'
wait_for_end "${pids[0]}"
expect_text "$work/pi1.log" '3 wrong codes were typed'
expect_exit 1 "$shoal" approve "${server[@]}" "$one"
[ ! -e "$work/pi1/identity/member.pem" ] || die "a device was let in by a wrong code"

# A name that is taken is told at once, what is no coordinator too.
expect_exit 1 "$shoal" join "127.0.0.1:$join" --name pi2 --data-dir "$work/pi3"
expect_text "$work/err" 'shoal remove pi2'
expect_exit 1 "$shoal" join "127.0.0.1:$port" --name pi3 --data-dir "$work/pi3"
expect_exit 1 "$shoal" join 'not an address' --data-dir "$work/pi3"
expect_text "$work/err" 'shoal1\.'

# JSON has the device that joined. No log has a code.
start pi4 "$shoal" join "127.0.0.1:$join" --name pi4 --data-dir "$work/pi4" --json
four=$(code_of pi4)
expect_exit 0 "$shoal" approve "${server[@]}" "$four" --json
python3 -c 'import json, sys; assert json.load(open(sys.argv[1])) == {"address": "127.0.0.1", "name": "pi4"}' "$work/out"
wait_for_end "${started[-1]}"
! grep -qE "$one|$two|$four|PRIVATE KEY|shoal1\." "$work/serve.log" "$work/worker.log" || die "a secret is in a log"
