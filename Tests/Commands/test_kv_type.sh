# --kv-type q8_0: equal bit for bit over workers, not what f16 gives, 34 bytes for 64 in the plan; not with the exact mode.
echo '[504, 2365, 282, 4649, 314, 260, 1123, 30]' >"$work/tokens.json"
flags=("$model" --tokens "$work/tokens.json")
expect_exit 0 "$shoal" logits "${flags[@]}" --kv-type q8_0 --output "$work/local.f32"
expect_exit 0 "$shoal" logits "${flags[@]}" --kv-type f16 --output "$work/f16.f32"
! cmp -s "$work/local.f32" "$work/f16.f32" || die "--kv-type q8_0 changes nothing"
start_workers 3
expect_exit 0 "$shoal" logits "${flags[@]}" --kv-type q8_0 --chunk 3 --insecure "${worker_flags[@]}" --output "$work/other.f32"
cmp "$work/local.f32" "$work/other.f32"
bytes() {
    expect_exit 0 "$shoal" plan "$model" --context 1024 --json --kv-type "$1"
    python3 -c 'import json, sys; print(sum(stage["key_value_bytes"] for stage in json.load(open(sys.argv[1]))["stages"]))' "$work/out"
}
f16=$(bytes f16)
[ $((f16 / 64 * 34)) -eq "$(bytes q8_0)" ] || die "the plan's key-value bytes: $f16 and $(bytes q8_0)"
expect_exit 2 "$shoal" logits "${flags[@]}" --kv-type q8_0 --compute f32 --output "$work/none.f32"
expect_text "$work/err" '--kv-type q8_0 goes with --compute int8'
