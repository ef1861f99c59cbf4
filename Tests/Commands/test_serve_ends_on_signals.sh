# A coordinator ends on SIGTERM, also while it answers; its workers stay.
start_workers 2
start_serve "${worker_flags[@]}"
(curl --silent --no-buffer --max-time 60 -H 'Content-Type: application/json' -d '{"messages":[{"role":"user","content":"Count to one thousand."}],"stream":true,"max_tokens":1500}' "$url/v1/chat/completions" >"$work/stream" || true) &
wait_for_text "$work/stream" '"content"'
kill -TERM "${started[-1]}"
wait_for_end "${started[-1]}"
for pid in "${started[@]:0:2}"; do kill -0 "$pid" || die "a worker ended with its coordinator: $(tail "$work"/worker-*.log)"; done
