# What may be asked at a time is bounded by flags, and flags that make no sense are wrong usage.
expect_exit 2 "$shoal" serve "$model" --kv-tokens 63
expect_text "$work/err" 'kv-tokens'
expect_exit 2 "$shoal" serve "$model" --queue 65537
expect_text "$work/err" 'queue'
expect_exit 2 "$shoal" serve "$model" --context-shift=-1
expect_text "$work/err" 'context-shift'
