# A model that does not fit: by how many bytes, and what would help, each of which does.
cluster() {
    printf 'devices:\n'
    local number=0 memory
    for memory in "$@"; do
        number=$((number + 1))
        printf '  - {name: pi%s, address: "192.0.2.%s", memory: %s}\n' "$number" "$number" "$memory"
    done
}
cluster 80MiB 80MiB >"$work/small.yaml"
flags=(--context 2048 --slots 4)
expect_exit 1 "$shoal" plan "$model" --cluster "$work/small.yaml" "${flags[@]}" --json
expect_text "$work/err" 'found no place' 'one more device'
read -r missing extra context slots small < <(python3 -c '
import json, sys

answer = json.load(open(sys.argv[1]))
assert answer["fits"] is False
print(*(answer[key] for key in ("missing_bytes", "extra_device_bytes", "fitting_context", "fitting_slots", "small_key_values_fit")))' "$work/out")
expect_text "$work/err" "\($missing bytes\) found no place" "$extra bytes" "context of at most $context" 'slot'
cluster 80MiB 80MiB "$extra" >"$work/more.yaml"
expect_exit 0 "$shoal" plan "$model" --cluster "$work/more.yaml" "${flags[@]}"
cluster 80MiB 80MiB "$((extra - 1))" >"$work/more.yaml"
expect_exit 1 "$shoal" plan "$model" --cluster "$work/more.yaml" "${flags[@]}"
expect_exit 0 "$shoal" plan "$model" --cluster "$work/small.yaml" --slots 4 --context "$context"
# A shorter context needs a little less scratch too, so that a few positions more may still fit.
expect_exit 1 "$shoal" plan "$model" --cluster "$work/small.yaml" --slots 4 --context "$((context + context / 20))"
expect_exit 0 "$shoal" plan "$model" --cluster "$work/small.yaml" --context 2048 --slots "$slots"
[ "$small" = True ] && status=0 || status=1
expect_exit "$status" "$shoal" plan "$model" --cluster "$work/small.yaml" "${flags[@]}" --kv-type q8_0
