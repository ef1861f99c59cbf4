# `plan --objective energy` places for joules per token, with watts that are declared in the file or as options, and names devices without.
cat >"$work/cluster.yaml" <<'YAML'
devices:
  - {name: fast, address: 192.0.2.1, memory: 4GiB, profile: {read: 40GB/s}, watts: {idle: 30, busy: 90}}
  - {name: slow, address: 192.0.2.2, memory: 4GiB, profile: {read: 10GB/s}, watts: {idle: 2.7, busy: 6.8}}
YAML
expect_exit 1 "$shoal" plan "$model" --cluster "$work/cluster.yaml" --objective energy
expect_text "$work/err" 'how much power coordinator takes' '--watts coordinator=2.7/6.8' 'watts: \{idle'

layers() { # of the device with layers, and its joules per token
    python3 - "$work/out" <<'PYTHON'
import json, sys

plan = json.load(open(sys.argv[1]))
print(*(s["device"] for s in plan["stages"] if s["last_layer"] > s["first_layer"]), plan["prediction"]["joules_per_token"])
PYTHON
}
expect_exit 0 "$shoal" plan "$model" --cluster "$work/cluster.yaml" --objective energy --watts coordinator=5/20 --json
read -r device sparing < <(layers)
[ "$device" = slow ] || die "layers are on $device: $(cat "$work/out")"
expect_exit 0 "$shoal" plan "$model" --cluster "$work/cluster.yaml" --objective latency --watts coordinator=5/20 --json
read -r device quick < <(layers)
[ "$device" = fast ] || die "layers are on $device: $(cat "$work/out")"
python3 -c "assert 0 < $sparing < $quick" || die "$sparing joules for energy, $quick for latency"

# An option counts before the file.
expect_exit 0 "$shoal" plan "$model" --cluster "$work/cluster.yaml" --objective energy --watts coordinator=5/20 --watts slow=300/900 --json
read -r device _ < <(layers)
[ "$device" = fast ] || die "layers are on $device: $(cat "$work/out")"
expect_exit 0 "$shoal" plan "$model" --cluster "$work/cluster.yaml" --objective energy --watts coordinator=5/20
expect_text "$work/out" 'objective: energy' 'joules per token'
expect_exit 2 "$shoal" plan "$model" --cluster "$work/cluster.yaml" --watts coordinator=20/5
