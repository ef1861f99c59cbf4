# Equal bit for bit: 1, 2, 3 and 5 workers against the local run, fed at once, in chunks of 7, and token by token.
"$shoal" tokenize "$model" --json "$(printf 'A shoal is a group of fish that stay together for social reasons. %.0s' 1 2 3)" |
    python3 -c 'import json, sys; json.dump(json.load(sys.stdin)["ids"], sys.stdout)' >"$work/tokens.json"
flags=("$model" --tokens "$work/tokens.json")
expect_exit 0 "$shoal" logits "${flags[@]}" --output "$work/local.f32"
count=$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)))' <"$work/tokens.json")
[ "$(stat -c %s "$work/local.f32")" -eq $((count * 49152 * 4)) ] || die "wrong size"
for chunk in 7 1; do
    expect_exit 0 "$shoal" logits "${flags[@]}" --chunk "$chunk" --output "$work/other.f32"
    cmp "$work/local.f32" "$work/other.f32" || die "local, chunk $chunk"
done
for workers in 1 2 3 5; do
    start_workers "$workers"
    # Thirty layers, as many on each.
    pins=()
    for index in "${!ports[@]}"; do
        pins+=(--pin "$((30 * index / workers))-$((30 * (index + 1) / workers - 1))=127.0.0.1:${ports[index]}")
    done
    for chunk in "" 7 1; do
        rm -f "$work/other.f32"
        expect_exit 0 "$shoal" logits "${flags[@]}" ${chunk:+--chunk "$chunk"} --insecure "${worker_flags[@]}" "${pins[@]}" --output "$work/other.f32"
        cmp "$work/local.f32" "$work/other.f32" || die "$workers workers, chunk ${chunk:-all}"
    done
    stop_all
done
