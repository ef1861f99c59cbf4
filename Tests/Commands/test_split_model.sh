# A model in several files is one model: given its first file, it is planned, placed, computed and watched as the same model in one file is.
python3 "$here/split_gguf.py" "$model" "$work/smol" 3
first=$work/smol-00001-of-00003.gguf second=$work/smol-00002-of-00003.gguf third=$work/smol-00003-of-00003.gguf
flags=(--prompt "The capital of France is" --max-tokens 12 --temperature 0)
expect_exit 0 "$shoal" generate "$model" "${flags[@]}"
cp "$work/out" "$work/whole"
expect_exit 0 "$shoal" generate "$first" "${flags[@]}"
cmp "$work/out" "$work/whole"
# Its packed weights are kept, and mapped by the next start.
[ "$(find "$XDG_CACHE_HOME/shoal/packed" -path '*smol-00001*' -name '*.packed' | wc -l)" -gt 2 ] || die "nothing was packed"
expect_exit 0 "$shoal" bench "$first" --threads 1 --prompt-tokens 4 --generate-tokens 1 --repetitions 1 --json
python3 - "$work/out" <<'PYTHON'
import json, sys

figures = json.load(open(sys.argv[1]))
assert figures["matrices_mapped"] > 0 and figures["matrices_written"] == 0, figures
PYTHON
expect_exit 0 "$shoal" plan "$model" --cluster "$here/../../Cluster/loopback3.yaml" --json
cp "$work/out" "$work/plan"
expect_exit 0 "$shoal" plan "$first" --cluster "$here/../../Cluster/loopback3.yaml" --json
python3 - "$work/out" "$work/plan" <<'PYTHON'
import json, sys

# This machine's free memory changes from one moment to the next.
plans = [json.load(open(path)) for path in sys.argv[1:]]
for plan in plans:
    for stage in plan["stages"]:
        del stage["headroom_bytes"], stage["memory_bytes"]
assert plans[0] == plans[1] and len(plans[0]["stages"]) > 2, plans
PYTHON
expect_exit 0 "$shoal" tokenize "$first" Hello
expect_exit 0 "$shoal" inspect "$first" --json
python3 - "$work/out" "$first" "$second" "$third" <<'PYTHON'
import json, os, sys

document = json.load(open(sys.argv[1]))
assert document["file_bytes"] == sum(map(os.path.getsize, sys.argv[2:])), document["file_bytes"]
assert len(document["tensors"]) == 272, len(document["tensors"])
PYTHON

# What is wrong with the files is told by all commands, with the file's name and what to do.
mkdir "$work/cut" && cp "$work"/smol-*.gguf "$work/cut" && truncate -s -1000 "$work/cut/smol-00003-of-00003.gguf"
mkdir "$work/copied" && cp "$work"/smol-*.gguf "$work/copied" && cp "$second" "$work/copied/smol-00003-of-00003.gguf"
mkdir "$work/lacking" && cp "$first" "$third" "$work/lacking"
for command in "plan --cluster $here/../../Cluster/loopback3.yaml" "generate --prompt Hi" "bench" "inspect"; do
    read -r name rest <<<"$command"
    # shellcheck disable=SC2086
    run() { expect_exit 1 "$shoal" "$name" "$1" $rest; }
    run "$second"
    expect_text "$work/err" 'smol-00002-of-00003\.gguf: is file 2 of 3' 'give .*smol-00001-of-00003\.gguf'
    run "$work/lacking/smol-00001-of-00003.gguf"
    expect_text "$work/err" 'one is missing: .*lacking/smol-00002-of-00003\.gguf' 'download'
    run "$work/cut/smol-00001-of-00003.gguf"
    expect_text "$work/err" 'cut/smol-00003-of-00003\.gguf: the file ends 1000 bytes before' 'download it again'
    run "$work/copied/smol-00001-of-00003.gguf"
    expect_text "$work/err" 'copied/smol-00003-of-00003\.gguf: holds file 2 of 3' 'a copy of another'
done

# Over workers, in the API under its name without numbers.
start_workers 1
whole=$model
model=$first
start_serve --no-packed-cache "${worker_flags[@]}"
post /v1/completions '{"prompt": "The capital of France is", "max_tokens": 12, "temperature": 0}'
[ "$status" = 200 ] || die "status $status: $(head -c 500 "$work/answer")"
python3 - "$work/answer" "$work/whole" <<'PYTHON'
import json, sys

answer = json.load(open(sys.argv[1]))
assert answer["model"] == "smol", answer["model"]
assert answer["choices"][0]["text"].strip() == open(sys.argv[2]).read().strip(), answer
PYTHON
# The worker has all shards that the same model in one file is made of: none is sent.
expect_exit 0 "$shoal" place "$whole" --server "$url" --json
grep -qE '"sent_bytes" ?: ?0,' "$work/out" || die "shards were sent again: $(cat "$work/out")"
# A first file may hold metadata alone; a later one that is cut while it is served is told by its name.
python3 "$here/split_gguf.py" "$whole" "$work/late" 3 empty
model=$work/late-00001-of-00003.gguf
start_serve --no-packed-cache --data-dir "$work/other"
truncate -s 2000000 "$work/late-00002-of-00003.gguf"
post /v1/completions '{"prompt": "The capital of France is", "max_tokens": 8}'
[ "$status" = 503 ] || [ "$status" = 500 ] || die "status $status: $(cat "$work/answer")"
expect_text "$work/answer" 'late-00002-of-00003\.gguf.*shorter' 'place it again'
