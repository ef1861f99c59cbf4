# One worker by two addresses is one device, and a line says so.
start_workers 1
twice=(--worker "127.0.0.1:${ports[0]}" --worker "localhost:${ports[0]}" --worker "127.0.0.1:${ports[0]}")
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 2 --insecure "${twice[@]}"
expect_text "$work/err" "localhost:${ports[0]} is the same device as 127.0.0.1:${ports[0]}"
expect_exit 0 "$shoal" plan "$model" --insecure "${twice[@]}"
expect_text "$work/out" "127.0.0.1:${ports[0]} +layers 0-29"
! grep -q localhost "$work/out" || die "two devices: $(cat "$work/out")"
start_serve "${twice[@]}"
post /v1/completions '{"prompt": "Hi", "max_tokens": 2}'
[ "$status" = 200 ] || die "status $status"
