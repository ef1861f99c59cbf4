# `plan --shape` needs no file, and a coordinator that is declared is planned with in place of this machine.
cat >"$work/cluster.yaml" <<'YAML'
coordinator: {memory: 6GiB, threads: 4, profile: {read: 20GB/s}, watts: {idle: 9, busy: 35}}
devices:
  - {name: pi1, address: 192.0.2.1, memory: 7GiB, profile: {read: 11.4GB/s, link: {round-trip: 0.3ms, speed: 1Gbit/s}}, watts: {idle: 3, busy: 7}}
  - {name: pi2, address: 192.0.2.2, memory: 7GiB, profile: {read: 11.4GB/s, link: {round-trip: 0.3ms, speed: 1Gbit/s}}, watts: {idle: 3, busy: 7}}
YAML
expect_exit 0 env XDG_CACHE_HOME="$work/nothing" "$shoal" plan --shape llama2-13b --type Q4_0 --cluster "$work/cluster.yaml" --context 2048 --json
cp "$work/out" "$work/shape"
python3 - "$work/out" <<'PYTHON'
import json, sys

plan = json.load(open(sys.argv[1]))
own = plan["stages"][0]
assert own["device"] == "coordinator" and own["memory_bytes"] == 6 << 30, plan
assert plan["prediction"]["unmeasured_devices"] == [] and plan["prediction"]["joules_per_token"] > 0, plan
assert sum(stage["last_layer"] - stage["first_layer"] for stage in plan["stages"]) == 40, plan
PYTHON
# The same as of a file of that shape.
expect_exit 0 "$shoal" synth --shape llama2-13b --type Q4_0 --no-weights "$work/llama2-13b.gguf"
expect_exit 0 "$shoal" plan "$work/llama2-13b.gguf" --cluster "$work/cluster.yaml" --context 2048 --json
cmp "$work/out" "$work/shape"
expect_exit 2 "$shoal" plan --shape llama2-13b --cluster "$work/cluster.yaml"
expect_exit 2 "$shoal" plan --shape llama2-13b --type Q4_0 "$model"
expect_exit 2 "$shoal" plan
[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'shoal-plan-*' -newer "$work/cluster.yaml" 2>/dev/null)" ] || die "a file is left"
