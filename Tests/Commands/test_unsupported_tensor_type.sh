# A tensor of a type that cannot be computed: tensor and type are named. `inspect` still works.
python3 "$here/edit_gguf.py" "$model" "$work/iq4.gguf" type blk.3.attn_q.weight 20
expect_exit 1 "$shoal" generate "$work/iq4.gguf" --prompt Hi
expect_text "$work/err" 'blk\.3\.attn_q\.weight' 'IQ4_NL|20'
