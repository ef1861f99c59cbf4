# `tokenize` prints ids; special tokens in the text are text unless they are asked for.
expect_exit 0 "$shoal" tokenize "$model" --json "Hello world"
[ "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["ids"])' <"$work/out")" = "[19556, 905]" ] || die "$(cat "$work/out")"
expect_exit 0 "$shoal" tokenize "$model" "Hello world"
[ "$(tr -s '[:space:],' '  ' <"$work/out" | sed 's/^ *//; s/ *$//')" = "19556 905" ] || die "$(cat "$work/out")"
expect_exit 0 "$shoal" tokenize "$model" --json --parse-special -- "<|im_end|>"
[ "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["ids"])' <"$work/out")" = "[2]" ] || die "$(cat "$work/out")"
expect_exit 0 "$shoal" tokenize "$model" --json -- "<|im_end|>"
[ "$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["ids"]) > 1)' <"$work/out")" = True ] || die "$(cat "$work/out")"
