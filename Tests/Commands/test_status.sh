# `status` shows what the stages did, as a table and as JSON; `devices` of the coordinator has the links too.
start_workers 2
start_serve "${worker_flags[@]}"
post /v1/completions '{"prompt": "Hello", "max_tokens": 8, "temperature": 0}'
[ "$status" = 200 ] || die "status $status: $(cat "$work/answer")"
expect_exit 0 "$shoal" status --server "$url" --json
python3 - "$work/out" "$work/answer" <<'PYTHON'
import json, sys

status, answer = (json.load(open(name)) for name in sys.argv[1:])
generated = answer["usage"]["completion_tokens"]
speed = status["speed"]
assert speed["generated_tokens"] >= generated > 1 and speed["tokens_per_second"] > 0 and speed["round_trip_nanoseconds"] > 0
assert speed["profiles_are_stale"] is False
assert len(status["stages"]) == 4
for stage in status["stages"]:
    work = stage["work"]
    assert work["steps"] >= generated and work["rows"] >= generated and work["compute_nanoseconds"] > 0
    assert work["received_bytes"] > 0 and work["sent_bytes"] > 0
    # The last stage's results stay in the coordinator's process; all others cross a link.
    assert work["network_steps"] > 0 and work["network_nanoseconds"] > 0 or stage is status["stages"][-1], stage
assert len(status["links"]) == 3
assert all(device["profile"]["products"] for device in status["devices"])
PYTHON
expect_exit 0 "$shoal" status --server "$url"
expect_text "$work/out" '^stage +device +holds' 'layers 15-29' 'a step: .* computing' 'tokens/s' 'queue: 0 running, 0 waiting' 'KV cache'
[ "$(awk '{ if (length > width) width = length } END { print width }' "$work/out")" -le 110 ] || die "wider than 110 columns"
expect_exit 0 "$shoal" devices --server "$url"
expect_text "$work/out" 'memory GB/s' 'link from'
expect_exit 2 "$shoal" status --server "$url" --watch --json
stop_all
expect_exit 1 "$shoal" status --server "$url"
expect_text "$work/err" 'shoal serve'
