# A device with too little memory for a model's experts: refused unasked, planned and used when that is allowed, with the same answer.
python3 "$here/experts_gguf.py" "$model" "$work/experts.gguf" 4
experts=$work/experts.gguf
flags=(--context 512 --insecure)
ask=(--prompt 'The capital of France is' --max-tokens 12 --temperature 0 --context 512)
expect_exit 0 "$shoal" generate "$experts" "${ask[@]}"
cp "$work/out" "$work/expected"
mapfile -t ports < <(free_ports 1)
address=127.0.0.1:${ports[0]}
start worker "$shoal" worker --listen "$address" --data-dir "$work/store" --memory 160MiB --insecure
wait_for_port "${ports[0]}"
expect_exit 1 "$shoal" plan "$experts" "${flags[@]}" --worker "$address"
expect_text "$work/err" 'found no place' '--experts-on-disk'
expect_exit 1 "$shoal" plan "$experts" "${flags[@]}" --worker "$address" --json
grep -q '"experts_on_disk_fit" *: *true' "$work/out" || die "the JSON does not say what helps: $(cat "$work/out")"
expect_exit 0 "$shoal" plan "$experts" "${flags[@]}" --worker "$address" --experts-on-disk
expect_text "$work/out" 'on disk' 'experts on disk: .* of a token' 'of experts on .* stay on its disk'
expect_exit 0 "$shoal" plan "$experts" "${flags[@]}" --worker "$address" --experts-on-disk --json
python3 - "$work/out" <<'PYTHON' || die "not the plan that was asked for: $(cat "$work/out")"
import json, sys

plan = json.load(open(sys.argv[1]))
stage, = (stage for stage in plan["stages"] if stage["last_layer"] > stage["first_layer"])
held = stage["weight_bytes"] - stage["expert_bytes_on_disk"] + stage["key_value_bytes"] + stage["scratch_bytes"]
assert stage["expert_bytes_on_disk"] > 50 << 20 and held == stage["memory_bytes"], stage
assert stage["disk_ms"] > 0 and abs(plan["prediction"]["disk_ms"] - stage["disk_ms"]) < 1e-9, plan
PYTHON
expect_exit 1 "$shoal" generate "$experts" "${ask[@]}" --insecure --worker "$address"
expect_text "$work/err" '--experts-on-disk'
expect_exit 0 "$shoal" generate "$experts" "${ask[@]}" --insecure --worker "$address" --experts-on-disk
cmp "$work/out" "$work/expected" || die "another answer: $(cat "$work/out")"
# Without a place for packed layers the device cannot do that, and the plan does not ask it to.
stop_all
rm -r "$work/store"
start worker "$shoal" worker --listen "$address" --data-dir "$work/store" --memory 160MiB --store-limit 300MiB --insecure
wait_for_port "${ports[0]}"
expect_exit 1 "$shoal" generate "$experts" "${ask[@]}" --insecure --worker "$address" --experts-on-disk
expect_text "$work/err" '--store-limit'
