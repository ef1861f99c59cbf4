# A model with a number that is none: the request fails and names the layer, in the program, over workers and in the API.
python3 "$here/edit_gguf.py" "$model" "$work/damaged.gguf" nan blk.1.ffn_down.weight
expect_exit 1 "$shoal" generate "$work/damaged.gguf" --prompt Hi
expect_text "$work/err" 'layer 1 gives values that are no finite numbers'
start_workers 2
expect_exit 1 "$shoal" generate "$work/damaged.gguf" --prompt Hi --insecure "${worker_flags[@]}"
expect_text "$work/err" 'layer 1 gives values that are no finite numbers'
model="$work/damaged.gguf"
start_serve --context 64
post /v1/completions '{"prompt": "One, two,", "max_tokens": 3}'
expect_error 500 'layer 1 gives'
post /v1/completions '{"prompt": "One, two,", "max_tokens": 3, "stream": true}'
expect_text "$work/answer" '"error"' 'layer 1 gives'
