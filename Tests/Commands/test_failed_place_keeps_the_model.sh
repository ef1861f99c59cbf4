# A model that cannot come does not take away the one that is served: a file cut short, one that lacks a tensor, one that does not fit
# the memory of the devices, one whose layers do not fit their disks.
mapfile -t ports < <(free_ports 1)
mkdir -p "$work/store"
cp "$profile"/profile-*.json "$work/store"
start worker "$shoal" worker --listen "127.0.0.1:${ports[0]}" --data-dir "$work/store" --memory 300MB --store-limit 150MB --insecure
wait_for_port "${ports[0]}"
start_serve --worker "127.0.0.1:${ports[0]}" --context 512
refused() { # refused FILE PATTERN...: and the answer is what it was.
    local file=$1
    shift
    expect_exit 1 "$shoal" place "$file" --server "$url"
    expect_text "$work/err" "$@"
    ! grep -q 'answers wait\|not answer' "$work/serve.log" || die "the model was taken away: $(tail -n 5 "$work/serve.log")"
    post /v1/completions '{"prompt": "The capital of France is", "max_tokens": 4, "temperature": 0}'
    [ "$status" = 200 ] || die "status $status: $(cat "$work/answer")"
}
head -c 50000000 "$model" >"$work/cut.gguf"
refused "$work/cut.gguf" 'cut\.gguf'
python3 "$here/edit_gguf.py" "$model" "$work/lacking.gguf" rename blk.1.ffn_up.weight blk.1.ffn_xx.weight
refused "$work/lacking.gguf" 'lacking\.gguf: tensor blk\.1\.ffn_up\.weight is missing'
[ "$(grep -c '' "$work/err")" = 1 ] || die "more than a line: $(cat "$work/err")"
"$shoal" synth --shape tinyllama-1.1b --type Q4_0 "$work/big.gguf" >/dev/null 2>&1
refused "$work/big.gguf" 'found no place'
"$shoal" synth --shape tinyllama-1.1b --type Q4_0 --layers 7 "$work/big.gguf" >/dev/null 2>&1
refused "$work/big.gguf" 'found no place' '\-\-store-limit'
# What the planner says too.
expect_exit 1 "$shoal" plan "$work/lacking.gguf" --insecure --worker "127.0.0.1:${ports[0]}"
expect_text "$work/err" 'tensor blk\.1\.ffn_up\.weight is missing'
