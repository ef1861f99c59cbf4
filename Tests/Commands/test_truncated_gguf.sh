# A file cut short: says so, wherever it was cut.
for bytes in 3 20 100000 50000000; do
    head -c "$bytes" "$model" >"$work/cut.gguf"
    expect_exit 1 "$shoal" inspect "$work/cut.gguf"
    expect_text "$work/err" 'cut\.gguf'
    expect_exit 1 "$shoal" generate "$work/cut.gguf" --prompt Hi
done
expect_text "$work/err" 'end|short|truncated|incomplete'
