# `inspect --json` is JSON and knows the model.
expect_exit 0 "$shoal" inspect "$model" --json
python3 -m json.tool <"$work/out" >/dev/null || die "no JSON"
expect_text "$work/out" 'llama' 'blk\.29\.attn_q\.weight|"layers"'
