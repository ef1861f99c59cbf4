# `place` by name and as it is wished: a dry run changes nothing, wishes hold for the placement and also when the coordinator starts again.
start_workers 2
port=$(free_ports 1)
url=http://127.0.0.1:$port
serve=("$shoal" serve --listen "127.0.0.1:$port" --insecure --data-dir "$work/coordinator" --slots 2 "${worker_flags[@]}")
start serve "${serve[@]}"
wait_for_port "$port"
mkdir -p "$work/models"
ln -s "$model" "$work/models/smol.Q4_1.gguf"
ln -s "$model" "$work/models/smol-other.gguf"
ln -s "$model" "$work/models/alone.gguf"

# Names: none, several, one; a folder that is not there.
expect_exit 1 "$shoal" place nobody --server "$url" --models-dir "$work/models"
expect_text "$work/err" 'no model is called nobody' 'there are alone, smol-other, smol\.Q4_1'
expect_exit 1 "$shoal" place smol --server "$url" --models-dir "$work/models"
expect_text "$work/err" 'smol may be .*smol-other\.gguf or .*smol\.Q4_1\.gguf'
expect_exit 1 "$shoal" place smol --server "$url" --models-dir "$work/none"

# What would be placed: as JSON as `plan` has it, for people, and what is missing. Nothing is placed by it.
expect_exit 0 "$shoal" place smol.q4_1 --server "$url" --models-dir "$work/models" --dry-run --objective throughput --json
python3 - "$work/out" "w${ports[0]}" "w${ports[1]}" <<'PYTHON'
import json, sys

plan = json.load(open(sys.argv[1]))
assert plan["objective"] == "throughput" and plan["prediction"]["streams"] == 2, plan
assert {stage["device"] for stage in plan["stages"]} >= set(sys.argv[2:]), plan
PYTHON
expect_exit 0 "$shoal" place alone --server "$url" --models-dir "$work/models" --dry-run --exclude "w${ports[0]}"
expect_text "$work/out" 'predicted .* tokens/s' "not used: w${ports[0]}: .*excluded"
expect_exit 1 "$shoal" place alone --server "$url" --models-dir "$work/models" --dry-run --context 8192 --slots 1024 --json
expect_text "$work/err" 'what would help'
expect_text "$work/out" '"fits" : false' '"fitting_slots"'
expect_exit 1 "$shoal" place alone --server "$url" --models-dir "$work/models" --dry-run --pin 0-9=pi9
expect_text "$work/err" "pi9" "known are w"
expect_exit 2 "$shoal" place alone --server "$url" --slots 0
expect_exit 0 "$shoal" models --server "$url"
expect_text "$work/out" 'no model'

# Wishes hold; the coordinator starts again with them, and keeps them from the next model.
expect_exit 0 "$shoal" place smol.q4_1 --server "$url" --models-dir "$work/models" --context 256 --pin "0-9=w${ports[1]}" --json
expect_text "$work/err" 'planned on . devices: .* tokens/s predicted for one stream, .* for 2 together'
placed_as_wished() {
    curl --silent "$url/api/cluster" | python3 -c '
import json, sys

cluster = json.load(sys.stdin)
first = next(stage for stage in cluster["stages"] if stage["last_layer"] > stage["first_layer"])
assert cluster["model"]["context"] == 256 and first["device"] == sys.argv[1] and first["last_layer"] >= 10, cluster
' "w${ports[1]}"
}
placed_as_wished
# What is there already is not placed again, and a dry run leaves it as it is.
expect_exit 0 "$shoal" place smol.q4_1 --server "$url" --models-dir "$work/models" --json
placed_as_wished
expect_exit 0 "$shoal" plan alone --server "$url" --models-dir "$work/models" --pin "0-29=w${ports[0]}"
expect_text "$work/out" "w${ports[0]} .*layers 0-29"
placed_as_wished
kill -TERM "${started[-1]}"
wait "${started[-1]}" || true
start again "${serve[@]}"
deadline=$((SECONDS + patience))
until curl --silent --fail --output /dev/null "$url/health"; do
    [ $SECONDS -lt $deadline ] || die "no model answers: $(tail -n 20 "$work/again.log")"
    sleep 0.1
done
placed_as_wished
