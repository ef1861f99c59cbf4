# A cluster of one arm64 worker and one of this machine's, half of the layers on each: the bits of the local run, whichever comes first.
echo '[504, 2365, 282, 4649, 314, 260, 1123, 30, 198, 198, 57, 4649]' >"$work/tokens.json"
flags=("$model" --tokens "$work/tokens.json")
expect_exit 0 "$shoal" logits "${flags[@]}" --output "$work/local.f32"
mapfile -t ports < <(free_ports 2)
start arm "$arm" worker --listen "127.0.0.1:${ports[0]}" --data-dir "$work/arm" --name arm --insecure
start own "$shoal" worker --listen "127.0.0.1:${ports[1]}" --data-dir "$work/own" --name own --insecure
for port in "${ports[@]}"; do wait_for_port "$port"; done
devices=("127.0.0.1:${ports[0]}" "127.0.0.1:${ports[1]}")
for first in 0 1; do
    for chunk in "" 1; do
        expect_exit 0 "$shoal" logits "${flags[@]}" ${chunk:+--chunk "$chunk"} --insecure --worker "${devices[0]}" --worker "${devices[1]}" \
            --pin "0-14=${devices[first]}" --pin "15-29=${devices[1 - first]}" --output "$work/both.f32"
        cmp "$work/local.f32" "$work/both.f32" || die "first layers on ${devices[first]}, chunk ${chunk:-all}"
        rm "$work/both.f32"
    done
done
# And the arm64 program as the coordinator.
expect_exit 0 "$arm" logits "${flags[@]}" --insecure --worker "${devices[1]}" --pin "0-29=${devices[1]}" --output "$work/both.f32"
cmp "$work/local.f32" "$work/both.f32" || die "the arm64 program coordinates"
