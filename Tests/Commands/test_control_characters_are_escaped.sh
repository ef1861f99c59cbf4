# What a file says reaches the terminal without characters that steer it: in tables, in errors, and in JSON, which stays the same value.
escape=$'\033'
for name in "${escape}[31m" $'a\302\233\r\177'; do
    python3 "$here/edit_gguf.py" "$model" "$work/odd.gguf" architecture "$name"
    expect_exit 0 "$shoal" inspect "$work/odd.gguf"
    cp "$work/out" "$work/table"
    expect_exit 0 "$shoal" inspect "$work/odd.gguf" --json
    python3 - "$work/out" "$name" <<'PYTHON' || die "the JSON is not what the file says"
import json, sys

entries = json.load(open(sys.argv[1]))["metadata"]
assert [e["value"] for e in entries if e["key"] == "general.architecture"] == [sys.argv[2]]
PYTHON
    expect_exit 1 "$shoal" generate "$work/odd.gguf" --prompt Hi
    ! LC_ALL=C grep -qE $'\033|\302\233|\r|\177' "$work/table" "$work/out" "$work/err" || die "control characters of $work/odd.gguf"
    expect_text "$work/table" '\\u\{(1b|9b)\}'
    expect_text "$work/err" '\\u\{(1b|9b)\}'
done
