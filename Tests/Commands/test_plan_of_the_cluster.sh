# In a closed cluster `plan MODEL` is of the devices that joined, with and without a running coordinator, and knows them by their names.
mapfile -t free < <(free_ports 4)
api=${free[0]} join=${free[1]}
url=http://127.0.0.1:$api
data="$work/coordinator"
expect_exit 0 "$shoal" init --data-dir "$data" --name lap
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join" --slots 3
serving=${started[-1]}
wait_for_text "$work/serve.log" 'devices join at'
for number in 1 2; do
    mkdir -p "$work/pi$number"
    cp "$profile"/profile-*.json "$work/pi$number"
    token=$("$shoal" token --data-dir "$data" --address "127.0.0.1:$join" 2>/dev/null)
    SHOAL_JOIN=$token start "pi$number" "$shoal" worker --name "pi$number" --listen "127.0.0.1:${free[1 + number]}" --data-dir "$work/pi$number"
    wait_for_port "${free[1 + number]}"
done
check() {
    python3 - "$work/out" "$1" <<'PYTHON'
import json, sys

plan = json.load(open(sys.argv[1]))
layers = [stage["device"] for stage in plan["stages"] if stage["last_layer"] > stage["first_layer"]]
assert layers == ["pi2", "pi1"], plan
assert plan["prediction"]["streams"] == int(sys.argv[2]), plan
PYTHON
}
pins=(--pin 0-9=pi2 --pin 10-29=pi1)
# The running coordinator's slots count.
expect_exit 0 "$shoal" plan "$model" --server "$url" --json "${pins[@]}"
check 3
expect_exit 1 "$shoal" plan "$model" --server "$url" --exclude pi3
expect_text "$work/err" 'pi3' 'known are .*pi1'
kill -TERM "$serving"
wait "$serving" || true
expect_exit 0 "$shoal" plan "$model" --data-dir "$data" --json "${pins[@]}"
check 4
# One that is away is left out.
kill -TERM "${started[-1]}"
wait "${started[-1]}" || true
expect_exit 0 "$shoal" plan "$model" --data-dir "$data"
expect_text "$work/err" 'pi2 is left out, since it does not answer'
expect_text "$work/out" 'pi1'
