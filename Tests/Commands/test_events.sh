# `events` tells who was lost and why, what moved for it, and who came back; also after the coordinator started again, and as it happens.
start_workers 2
mkdir "$work/data"
start_serve --data-dir "$work/data" "${worker_flags[@]}"
serve=${started[-1]}
start follow "$shoal" events --follow --json --server "$url"
wait_for_text "$work/follow.log" '"event":"placed"'
expect_exit 0 "$shoal" events --server "$url"
expect_text "$work/out" 'the coordinator started' 'placing SmolLM2' 'placed in .*layers? .* to w[0-9]+' 'sent [0-9.]+ MiB'
victim=w${ports[0]}
kill -KILL "${started[0]}"
wait_for_text "$work/follow.log" '"event":"resumed"'
expect_exit 0 "$shoal" events --since 1h --server "$url" --json
python3 - "$work/out" "$victim" <<'PYTHON'
import json, sys

events, victim = json.load(open(sys.argv[1])), sys.argv[2]
numbers = [event["number"] for event in events]
assert numbers == list(range(1, len(events) + 1)), numbers
(lost,) = [event for event in events if event["event"] == "lost"]
assert lost["device"] == victim and lost["reason"] and lost["seconds"] > 0, lost
after = [event for event in events if event["number"] > lost["number"]]
# Another worker may have noticed first.
assert any(event["event"] == "suspended" for event in events)
placed = [event for event in after if event["event"] == "placed"][-1]
assert placed["moves"] and all(move["from"] == victim and move["to"] != victim for move in placed["moves"]), placed
PYTHON
expect_exit 0 "$shoal" status --server "$url"
start again "$shoal" worker --listen "127.0.0.1:${ports[0]}" --data-dir "$work/worker-${ports[0]}" --name "$victim" --insecure
wait_for_text "$work/follow.log" '"event":"returned"'
wait_for_text "$work/serve.log" "$victim is back"
expect_exit 0 "$shoal" events --server "$url"
expect_text "$work/out" "$victim +lost after .*: the link to" "answers wait: " "layers? .* from $victim to" 'answers go on' "$victim +is back"
kill -TERM "$serve"
wait_for_end "$serve"
wait_for_text "$work/follow.log" 'trying again'
start_serve --data-dir "$work/data" "${worker_flags[@]}"
expect_exit 0 "$shoal" events --server "$url"
expect_text "$work/out" "$victim +lost after" 'the coordinator stopped'
[ "$(grep -c 'the coordinator started' "$work/out")" = 2 ] || die "not two starts: $(cat "$work/out")"
expect_exit 2 "$shoal" events --since yesterday --server "$url"
