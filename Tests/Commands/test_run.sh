# `run` asks the model that is served, or has it placed before; the answer goes to standard output, input from a pipe before the question.
expect_exit 1 "$shoal" run smol "Hi" --server "http://127.0.0.1:$(free_ports 1)"
expect_text "$work/err" 'no coordinator answers'
expect_exit 2 "$shoal" run --max-tokens 0
port=$(free_ports 1)
url=http://127.0.0.1:$port
start serve "$shoal" serve --listen "127.0.0.1:$port" --insecure --data-dir "$work/coordinator" --context 512
wait_for_port "$port"
mkdir -p "$work/models"
ln -s "$model" "$work/models/smol.Q4_1.gguf"
ln -s "$model" "$work/models/other.gguf"
expect_exit 1 "$shoal" run --server "$url"
expect_text "$work/err" 'no model is placed'
run=("$shoal" run --server "$url" --models-dir "$work/models" --max-tokens 8 --temperature 0)
expect_exit 0 "${run[@]}" smol "Say hello."
[ -s "$work/out" ] || die "no answer"
cp "$work/out" "$work/first"
expect_text "$work/err" 'cut off' 'predicted'
# Again without the model's name: it is served, and nothing is placed.
expect_exit 0 "${run[@]}" "Say hello."
cmp "$work/out" "$work/first"
! grep -q predicted "$work/err" || die "placed again"
# The question by a pipe, and input before it; both as JSON too.
printf 'Say hello.\n' | "${run[@]}" 2>"$work/err" | cmp - "$work/first"
printf 'The sky is green.\n' | "${run[@]}" --json "Which colour has the sky?" >"$work/piped"
expect_exit 0 "${run[@]}" --json $'The sky is green.\n\nWhich colour has the sky?'
python3 - "$work/piped" "$work/out" <<'PYTHON'
import json, sys

piped, whole = (json.load(open(path)) for path in sys.argv[1:])
assert piped["model"] == "smol.Q4_1" and piped["finish_reason"] == "length" and piped["answer_tokens"] == 8, piped
assert piped["prompt_tokens"] > 8 and piped["answer"], piped
del piped["seconds"], whole["seconds"]
assert piped == whole, (piped, whole)
PYTHON
# Another model takes its place, which is said; a name that is none is an error where a question stands beside it.
expect_exit 0 "${run[@]}" other "Say hello."
expect_text "$work/err" 'smol\.Q4_1 gives way to other\.gguf'
cmp "$work/out" "$work/first"
expect_exit 1 "${run[@]}" nobody "Say hello."
expect_text "$work/err" 'no model is called nobody'
expect_exit 1 "${run[@]}" "$work/models/none.gguf" "Say hello."
# What the coordinator refuses is the command's failure.
if head -c 20000 /dev/urandom | base64 | "${run[@]}" "Summarise this." >"$work/out" 2>"$work/err"; then die "no context holds this"; fi
expect_text "$work/err" 'context'
# Without a question a chat begins, with the same options.
"$shoal" run smol --server "$url" --models-dir "$work/models" --max-tokens 4 --temperature 0 </dev/null >"$work/out" 2>"$work/err" ||
    die "no chat: $(cat "$work/err")"
