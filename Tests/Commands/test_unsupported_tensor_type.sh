# A tensor of a type that cannot be computed: tensor and type are named. `inspect` still works.
python3 "$here/edit_gguf.py" "$model" "$work/i32.gguf" type blk.3.attn_norm.weight 26
expect_exit 0 "$shoal" inspect "$work/i32.gguf"
expect_exit 1 "$shoal" generate "$work/i32.gguf" --prompt Hi
expect_text "$work/err" 'blk\.3\.attn_norm\.weight' 'I32'
# One that no version of the format knows.
python3 "$here/edit_gguf.py" "$model" "$work/new.gguf" type blk.3.attn_norm.weight 999
expect_exit 1 "$shoal" generate "$work/new.gguf" --prompt Hi
expect_text "$work/err" 'blk\.3\.attn_norm\.weight' '999'
