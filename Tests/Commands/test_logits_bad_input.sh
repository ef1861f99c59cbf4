# Bad token files.
echo 'nonsense' >"$work/bad.json"
expect_exit 1 "$shoal" logits "$model" --tokens "$work/bad.json" --output "$work/o.f32"
expect_text "$work/err" 'bad\.json'
echo '[1, 999999]' >"$work/bad.json"
expect_exit 1 "$shoal" logits "$model" --tokens "$work/bad.json" --output "$work/o.f32"
expect_text "$work/err" '999999'
echo '[]' >"$work/bad.json"
expect_exit 1 "$shoal" logits "$model" --tokens "$work/bad.json" --output "$work/o.f32"
[ ! -e "$work/o.f32" ] || die "left an output file"
