# --compute f32: equal bit for bit too, and not what int8 gives.
echo '[504, 2365, 282, 4649, 314, 260, 1123, 30]' >"$work/tokens.json"
flags=("$model" --tokens "$work/tokens.json")
expect_exit 0 "$shoal" logits "${flags[@]}" --compute f32 --output "$work/local.f32"
expect_exit 0 "$shoal" logits "${flags[@]}" --output "$work/int8.f32"
! cmp -s "$work/local.f32" "$work/int8.f32" || die "--compute f32 changes nothing"
start_workers 3
expect_exit 0 "$shoal" logits "${flags[@]}" --compute f32 --chunk 3 --insecure "${worker_flags[@]}" --objective throughput --output "$work/other.f32"
cmp "$work/local.f32" "$work/other.f32"
