# Two workers of one name are told apart, with a line; one without a name is called by its address.
mapfile -t ports < <(free_ports 3)
for index in 0 1 2; do
    mkdir -p "$work/$index"
    cp "$profile"/profile-*.json "$work/$index"
    name=(--name twin)
    [ "$index" != 2 ] || name=()
    start "worker-$index" "$shoal" worker --listen "127.0.0.1:${ports[index]}" ${name[@]+"${name[@]}"} --data-dir "$work/$index" --insecure
    wait_for_port "${ports[index]}"
done
flags=()
for port in "${ports[@]}"; do flags+=(--worker "127.0.0.1:$port"); done
other="twin@127.0.0.1:${ports[1]}"
alone=127.0.0.1:${ports[2]}
pins=(--pin 0-9=twin --pin "10-19=$other" --pin "20-29=$alone")
expect_exit 0 "$shoal" plan "$model" --insecure "${flags[@]}" "${pins[@]}"
expect_text "$work/out" 'twin +.*layers 0-9' "$other +.*layers 10-19" "$alone +.*layers 20-29"
expect_text "$work/err" "127.0.0.1:${ports[0]} and 127.0.0.1:${ports[1]} have the name twin: the second is called $other here"
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 2 --insecure "${flags[@]}" "${pins[@]}"
expect_text "$work/err" "the second is called $other here"
expect_exit 0 "$shoal" plan "$model" --insecure "${flags[@]}" --exclude twin --exclude "127.0.0.1:${ports[1]}" --json
python3 - "$work/out" "$alone" <<'PYTHON'
import json, sys

stages = {stage["device"] for stage in json.load(open(sys.argv[1]))["stages"]}
assert stages == {"coordinator", sys.argv[2]}, stages
PYTHON
