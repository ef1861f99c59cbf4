# A GGUF of another architecture: it is named, and so are the supported ones; `inspect` still works.
python3 "$here/edit_gguf.py" "$model" "$work/other.gguf" architecture mamba
expect_exit 0 "$shoal" inspect "$work/other.gguf"
expect_exit 1 "$shoal" generate "$work/other.gguf" --prompt Hi
expect_text "$work/err" 'mamba' 'llama'
expect_exit 1 "$shoal" serve "$work/other.gguf" --insecure --listen 127.0.0.1:0
expect_text "$work/err" 'mamba'
