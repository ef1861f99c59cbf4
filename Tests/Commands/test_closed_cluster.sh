# init, serve, token, worker --join, place, an answer; then remove: the device is out everywhere. Real processes on loopback.
mapfile -t free < <(free_ports 4)
api=${free[0]} join=${free[1]}
url=http://127.0.0.1:$api
data="$work/coordinator"
expect_exit 0 "$shoal" init --data-dir "$data" --name lap
expect_text "$work/out" 'fingerprint: [0-9a-f]{64}'
expect_exit 1 "$shoal" init --data-dir "$data"
expect_text "$work/err" 'is there already'
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join" --objective throughput
wait_for_text "$work/serve.log" 'devices join at'

# join NAME PORT: a worker that joins with a token of its own, given by standard input or by the environment.
join_worker() {
    local token
    mkdir -p "$work/$1"
    cp "$profile"/profile-*.json "$work/$1"
    token=$("$shoal" token --data-dir "$data" --address "127.0.0.1:$join" 2>/dev/null)
    SHOAL_JOIN=$token start "$1" "$shoal" worker --name "$1" --listen "127.0.0.1:$2" --data-dir "$work/$1"
    wait_for_port "$2"
}
join_worker pi1 "${free[2]}"
join_worker pi2 "${free[3]}"
wait_for_text "$work/serve.log" 'device joined'

# A device needs no token again.
kill -TERM "${started[-1]}"
wait "${started[-1]}" || true
start pi2 "$shoal" worker --listen "127.0.0.1:${free[3]}" --data-dir "$work/pi2"
wait_for_port "${free[3]}"

# Links between devices are measured to the device that is meant, for the coordinator's machine.
expect_exit 0 "$shoal" devices --data-dir "$data" --worker "127.0.0.1:${free[2]}" --worker "127.0.0.1:${free[3]}" --measure --json
python3 - "$work/out" <<'PYTHON'
import json, sys

links = json.load(open(sys.argv[1]))["links"]
assert [(link["from"], link["to"]) for link in links] == [("here", "pi1"), ("here", "pi2"), ("pi1", "pi2")], links
PYTHON

expect_exit 0 "$shoal" place "$model" --server "$url"
expect_text "$work/out" pi1 pi2
post /v1/chat/completions '{"messages":[{"role":"user","content":"Hi"}],"max_tokens":4,"temperature":0}'
[ "$status" = 200 ] || die "status $status: $(head -c 500 "$work/answer")"
# The commands that dial workers themselves do it as the coordinator.
expect_exit 0 "$shoal" devices --data-dir "$data" --worker "127.0.0.1:${free[2]}" --json
expect_text "$work/out" '"name" *: *"pi1"'
expect_exit 1 "$shoal" devices --insecure --worker "127.0.0.1:${free[2]}"
# Keys are for their owner alone, and secrets in no log.
[ -z "$(find "$data/authority" "$work/pi1/identity" -type f ! -perm 600)" ] || die "a key can be read by others"
! grep -qE 'shoal1\.|PRIVATE KEY' "$work"/*.log || die "a secret is in a log"

expect_exit 0 "$shoal" remove pi2 --server "$url" --data-dir "$data"
# The others are told by the coordinator: by themselves they would ask a day later.
wait_for_text "$work/pi1.log" 'removed|revok|devices shut out'
expect_exit 1 "$shoal" remove pi2 --server "$url" --data-dir "$data"
expect_text "$work/err" 'no device .*pi2'
expect_exit 1 "$shoal" devices --data-dir "$data" --worker "127.0.0.1:${free[3]}"
# The others go on without it.
deadline=$((SECONDS + patience))
until curl --silent --fail --output /dev/null "$url/health"; do
    [ $SECONDS -lt $deadline ] || die "no model answers without pi2: $(tail -n 5 "$work/serve.log")"
    sleep 0.2
done
post /v1/chat/completions '{"messages":[{"role":"user","content":"Hi"}],"max_tokens":4,"temperature":0}'
[ "$status" = 200 ] || die "status $status: $(head -c 500 "$work/answer")"
# A second coordinator of the same folder is refused; one of the same port is told which flag is meant.
expect_exit 1 "$shoal" serve --listen 127.0.0.1:0 --data-dir "$data" --join-listen "127.0.0.1:$join"
expect_text "$work/err" 'another coordinator runs with the data folder'
cp -r "$data" "$work/other"
expect_exit 1 "$shoal" serve --listen 127.0.0.1:0 --data-dir "$work/other" --join-listen "127.0.0.1:$join"
expect_text "$work/err" "port $join is in use" '--join-listen'
