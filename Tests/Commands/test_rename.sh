# A device gets another name while answers go on: everywhere, and as the device sees it.
mapfile -t free < <(free_ports 4)
api=${free[0]} join=${free[1]}
url=http://127.0.0.1:$api
data="$work/coordinator"
"$shoal" init --data-dir "$data" >/dev/null
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join" --objective throughput
wait_for_text "$work/serve.log" 'devices join at'
for index in 1 2; do
    mkdir -p "$work/pi$index"
    cp "$profile"/profile-*.json "$work/pi$index"
    SHOAL_JOIN=$("$shoal" token --data-dir "$data" --address "127.0.0.1:$join" 2>/dev/null) \
        start "pi$index" "$shoal" worker --name "pi$index" --listen "127.0.0.1:${free[index + 1]}" --data-dir "$work/pi$index"
    wait_for_port "${free[index + 1]}"
done
expect_exit 0 "$shoal" place "$model" --server "$url" --data-dir "$data"
held() {
    "$shoal" status --json --server "$url" --data-dir "$data" | python3 -c '
import json, sys

stages = json.load(sys.stdin)["stages"]
print(" ".join(sorted({stage["device"] for stage in stages})))'
}
[ "$(held)" = "coordinator pi1 pi2" ] || die "placed on $(held)"

curl --silent --no-buffer --max-time 600 -H 'Content-Type: application/json' \
    -d '{"prompt": "Count:", "stream": true, "max_tokens": 200, "ignore_eos": true}' "$url/v1/completions" >"$work/answer" 2>/dev/null &
asking=$!
wait_for_text "$work/answer" 'data: '
expect_exit 0 "$shoal" rename pi1 attic --server "$url" --data-dir "$data" --json
expect_text "$work/out" '"name" : "attic"' '"by_coordinator" : true'
wait "$asking" || die "the answer broke off"
tail -n 3 "$work/answer" | grep -q 'data: \[DONE\]' || die "the answer was cut: $(tail -n 3 "$work/answer")"
deadline=$((SECONDS + patience))
until [ "$(held)" = "attic coordinator pi2" ]; do
    [ $SECONDS -lt $deadline ] || die "placed on $(held)"
    sleep 0.2
done
wait_for_text "$work/pi1.log" 'called attic in the cluster now'
expect_exit 0 "$shoal" devices --json --data-dir "$data" --worker "127.0.0.1:${free[2]}"
expect_text "$work/out" '"name" : "attic"'

# Names stay unique, and names.
expect_exit 1 "$shoal" rename pi2 Attic --server "$url" --data-dir "$data"
expect_text "$work/err" 'attic'
expect_exit 1 "$shoal" rename pi1 cellar --server "$url" --data-dir "$data"
expect_text "$work/err" 'no device "pi1"' 'attic, pi2'
expect_exit 2 "$shoal" rename pi2 coordinator --server "$url" --data-dir "$data"
# It is drained by its new name, which is a mark; the mark goes with another name.
expect_exit 0 "$shoal" drain attic --server "$url" --data-dir "$data"
expect_exit 0 "$shoal" devices --server "$url" --data-dir "$data"
expect_text "$work/out" 'attic: drained by hand.*shoal drain attic --undo'
expect_exit 0 "$shoal" rename attic loft --server "$url" --data-dir "$data"
deadline=$((SECONDS + patience))
until "$shoal" devices --json --server "$url" --data-dir "$data" >"$work/out" 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || die "not there: $(cat "$work/out")"
    sleep 0.2
done
python3 - "$work/out" <<'PYTHON'
import json, sys

devices = {device["name"]: device for device in json.load(open(sys.argv[1]))["devices"]}
assert [mark["kind"] for mark in devices["loft"]["marks"]] == ["drained"], devices["loft"]
assert "marks" not in devices["pi2"], devices["pi2"]
PYTHON
expect_exit 0 "$shoal" drain loft --undo --server "$url" --data-dir "$data"

# Without a coordinator it is the store's; the device learns it from the next one.
kill -TERM "${started[0]}"
wait "${started[0]}" || true
expect_exit 0 "$shoal" rename loft attic --server "$url" --data-dir "$data"
expect_text "$work/err" 'no coordinator answers'
start again "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join" --objective throughput
wait_for_text "$work/again.log" 'answers at'
[ "$(held)" = "attic coordinator pi2" ] || die "placed on $(held)"
