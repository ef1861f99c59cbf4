# One worker by two addresses is one device under its own name, and a line says so; also where the model is placed again by a coordinator that
# starts again. Layers are pinned, and the device is drained, by its name or by either address.
port=$(free_ports 1)
mkdir -p "$work/pi1"
cp "$profile"/profile-*.json "$work/pi1"
start pi1 "$shoal" worker --listen "0.0.0.0:$port" --name pi1 --data-dir "$work/pi1" --insecure --no-announce
wait_for_port "$port"
twice=(--worker "127.0.0.1:$port" --worker "127.0.0.2:$port" --worker "localhost:$port" --worker "127.0.0.1:$port")
same="127.0.0.2:$port is the same device as pi1 \(127.0.0.1:$port\): it is used once"
once() { # once FILE: both other addresses were told of once.
    expect_text "$1" "$same"
    [ "$(grep -c 'is the same device as' "$1")" = 2 ] || die "not told of twice: $(cat "$1")"
}
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 2 --insecure "${twice[@]}" --pin "0-9=127.0.0.2:$port" --pin 10-29=pi1
once "$work/err"
expect_exit 0 "$shoal" plan "$model" --insecure "${twice[@]}" --pin "0-29=localhost:$port" --json
once "$work/err"
[ "$(grep -c '"pi1"' "$work/out")" -ge 1 ] || die "no pi1: $(cat "$work/out")"
! grep -q 127.0.0.2 "$work/out" || die "two devices: $(cat "$work/out")"
expect_exit 0 "$shoal" devices --insecure --json "${twice[@]}"
once "$work/err"
[ "$(grep -c '"name"' "$work/out")" = 1 ] || die "two devices: $(cat "$work/out")"
for _ in first again; do
    start_serve --data-dir "$work/coordinator" "${twice[@]}"
    once "$work/serve.log"
    post /v1/completions '{"prompt": "Hi", "max_tokens": 2}'
    [ "$status" = 200 ] || die "status $status"
    expect_exit 0 "$shoal" devices --server "$url" --json
    [ "$(grep -c '"name"' "$work/out")" = 2 ] || die "not pi1 and the coordinator: $(cat "$work/out")"
    expect_exit 0 "$shoal" drain "127.0.0.2:$port" --server "$url"
    expect_text "$work/out" 'coordinator: .*layers 0-29'
    expect_exit 0 "$shoal" drain pi1 --undo --server "$url"
    kill -TERM "${started[-1]}"
    wait_for_end "${started[-1]}"
done
