# The second start maps the packed weights that the first one wrote, and reads no tensor of the model's file but rows that are looked up.
cached=$XDG_CACHE_HOME/shoal/packed
bench() {
    expect_exit 0 "$shoal" bench "$model" --threads 1 --prompt-tokens 4 --generate-tokens 1 --repetitions 1 --json "$@"
    python3 - "$work/out" <<'PYTHON'
import json, sys

figures = json.load(open(sys.argv[1]))
print(*(figures["matrices_" + how] > 0 for how in ("mapped", "written", "in_memory")), figures.get("packed_hint", ""))
PYTHON
}
[ "$(bench --no-packed-cache)" = "False False True " ] || die "packed weights were kept"
[ ! -e "$cached" ] || die "$cached was made"
[ "$(bench)" = "False True False " ] || die "packed weights were not kept"
find "$cached" -type f -printf '%p %i %s %T@\n' | sort >"$work/first"
[ "$(wc -l <"$work/first")" -gt 2 ] || die "no packed files: $(cat "$work/first")"
[ "$(bench)" = "True False False " ] || die "the second start packed"

# Another command finds them too.
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 4 --temperature 0
cp "$work/out" "$work/mapped"
find "$cached" -type f -printf '%p %i %s %T@\n' | sort | cmp - "$work/first"
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 4 --temperature 0 --no-packed-cache
cmp "$work/out" "$work/mapped"

# KiB of a file's mappings that are resident in the server.
resident() {
    awk -v path="$1" '/^[0-9a-f]+-/ { inside = index($0, path) } inside && /^Rss:/ { sum += $2 } END { print sum + 0 }' \
        "/proc/${started[-1]}/smaps"
}
start_serve --data-dir "$work/data"
post /v1/completions '{"prompt": "Hi", "max_tokens": 4}'
[ "$status" = 200 ] || die "status $status"
[ "$(resident "$cached")" -gt 60000 ] || die "$(resident "$cached") KiB of the packed weights are resident"
# The header with the tokenizer is two MiB; all tensors are 92.
[ "$(resident "$(realpath "$model")")" -lt 6000 ] || die "$(resident "$(realpath "$model")") KiB of the model's file are resident"

# Nothing can be kept under a plain file, nor beyond the size that files may have: that is said, and computed all the same.
touch "$work/plain"
XDG_CACHE_HOME=$work/plain expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 4 --temperature 0
cmp "$work/out" "$work/mapped"
expect_text "$work/err" "not kept" "$work/plain.*not a directory"
export XDG_CACHE_HOME=$work/limited
(
    ulimit -f 100
    timeout 120 "$shoal" generate "$model" --prompt Hi --max-tokens 4 --temperature 0 >"$work/out" 2>"$work/err"
) || die "$(tail -n 5 "$work/err")"
cmp "$work/out" "$work/mapped"
expect_text "$work/err" "not kept" "file too large"
