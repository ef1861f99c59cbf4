# After `--` a text may begin with a dash.
expect_exit 0 "$shoal" tokenize "$model" --json -- "--json"
first=$(cat "$work/out")
expect_exit 0 "$shoal" tokenize --json "$model" -- "--json"
[ "$first" = "$(cat "$work/out")" ] || die "the flag's place changed the ids"
