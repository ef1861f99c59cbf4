# `worker` takes a temperature and quiet hours, refuses what are none, and has one thread at night.
expect_exit 2 "$shoal" worker --insecure --max-temperature 500
expect_exit 2 "$shoal" worker --insecure --quiet-hours 22:00
port=$(free_ports 1)
mkdir -p "$work/data"
cp "$profile"/profile-*.json "$work/data"
# All day but for its last minute.
start one "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/data" --insecure --name w --threads 2 \
    --max-temperature 90 --quiet-hours 0:00-23:59=1
wait_for_port "$port"
active() { "$shoal" devices --insecure --worker "127.0.0.1:$port" --json | python3 -c '
import json, sys

print(json.load(sys.stdin)["devices"][0]["sensors"]["active_threads"])'; }
deadline=$((SECONDS + patience))
until [ "$(active)" = 1 ]; do
    [ $SECONDS -lt $deadline ] || die "not quiet: $(cat "$work/one.log")"
    sleep 0.2
done
