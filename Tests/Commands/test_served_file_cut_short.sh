# A served model's file that is cut short in place ends no process: requests and placements say so, and another file of its name is placed.
start_workers 1
cp "$model" "$work/served.gguf"
model=$work/served.gguf
port=$(free_ports 1)
url=http://127.0.0.1:$port
# Not packed: the coordinator's own stages read the file itself.
start serve "$shoal" serve "$model" --listen "127.0.0.1:$port" --insecure --no-packed-cache "${worker_flags[@]}"
serve=${started[-1]}
wait_for_port "$port"
wait_for_text "$work/serve.log" 'answers at'
post /v1/completions '{"prompt": "Hi", "max_tokens": 2}'
[ "$status" = 200 ] || die "status $status"
cp "$model" "$work/whole.gguf"
truncate -s 2000000 "$model"
post /v1/completions '{"prompt": "The capital of France", "max_tokens": 8}'
[ "$status" = 503 ] || [ "$status" = 500 ] || die "status $status: $(cat "$work/answer")"
expect_text "$work/answer" 'served\.gguf.*shorter' 'place it again'
kill -0 "$serve" || die "the coordinator ended: $(tail -n 5 "$work/serve.log")"
# In place it is no model any more, and says so everywhere.
expect_exit 1 "$shoal" place "$model" --server "$url"
expect_text "$work/err" 'served\.gguf'
expect_exit 1 "$shoal" inspect "$model"
expect_exit 1 "$shoal" generate "$model" --prompt Hi
mv "$work/whole.gguf" "$model"
expect_exit 0 "$shoal" place "$model" --server "$url"
post /v1/completions '{"prompt": "Hi", "max_tokens": 2}'
[ "$status" = 200 ] || die "status $status"
kill -0 "$serve" || die "the coordinator ended: $(tail -n 5 "$work/serve.log")"
