# `serve` without a model waits for one: `place` places it, `models` lists it, `unload` takes it away, and a second `place` sends nothing.
start_workers 2
port=$(free_ports 1)
url=http://127.0.0.1:$port
start serve "$shoal" serve --listen "127.0.0.1:$port" --insecure "${worker_flags[@]}"
wait_for_port "$port"
expect_exit 0 "$shoal" models --server "$url"
expect_text "$work/out" 'no model'
post /v1/completions '{"prompt": "Hi"}'
expect_error 503 'shoal place'
# A page of a browser here, under a name of its own that it had point to loopback, may not.
status=$(curl --silent --output "$work/answer" --write-out '%{http_code}' --header 'Host: evil.example' \
    --header 'Content-Type: application/json' --data '{"path": "/etc/passwd"}' "$url/api/models/place")
expect_error 403 'not known by the name evil.example'
expect_exit 1 "$shoal" unload --server "$url"
expect_text "$work/err" 'no model'
cd "$(dirname -- "$model")"
expect_exit 0 "$shoal" place "$(basename -- "$model")" --server "$url" --json
python3 - "$work/out" <<'PYTHON'
import json, sys

placed = json.load(open(sys.argv[1]))
assert placed["sent_bytes"] > 1 << 20 and placed["stages"][-1]["head"], placed
PYTHON
expect_text "$work/err" 'sending to' 'sent '
post /v1/completions '{"prompt": "Hi", "max_tokens": 2}'
[ "$status" = 200 ] || die "status $status"
expect_exit 0 "$shoal" models --server "$url" --json
python3 - "$work/out" <<'PYTHON'
import json, sys

(model,) = json.load(open(sys.argv[1]))["models"]
assert model["placed"] and model["file"] == "present", model
assert all(device["shards"] > 1 for device in model["devices"]) and len(model["devices"]) == 2, model
PYTHON
expect_exit 0 "$shoal" unload --server "$url"
expect_text "$work/out" 'unloaded'
expect_exit 0 "$shoal" models --server "$url"
expect_text "$work/out" 'not placed'
expect_exit 0 "$shoal" place "$model" --server "$url" --json
expect_text "$work/out" '"sent_bytes" : 0'
