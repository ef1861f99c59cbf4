# Whatever numbers a coordinator tells, of its own or of devices, commands show them, or say in a line that they cannot be read.
start_workers 2
start_serve "${worker_flags[@]}"
post /v1/completions '{"prompt": "Hi", "max_tokens": 4}'
[ "$status" = 200 ] || die "status $status"
coordinator=$url
for number in 0 -1 1 9223372036854775807 18446744073709551615 -9223372036854775808 1e300 -1e300 0.5; do
    port=$(free_ports 1)
    start "proxy$number" python3 "$here/extreme_numbers.py" "$port" "$coordinator" "$number"
    wait_for_port "$port"
    for command in "status" "devices" "devices --json" "models" "rebalance" "place $model"; do
        code=0
        # shellcheck disable=SC2086
        timeout 60 "$shoal" $command --server "http://127.0.0.1:$port" </dev/null >"$work/out" 2>"$work/err" || code=$?
        [ "$code" -le 1 ] || die "exit status $code of: shoal $command, with $number: $(head -n 5 "$work/err")"
        ! grep -qE 'Fatal error|rashed' "$work/err" || die "crashed: $(head -n 5 "$work/err")"
    done
done
# With a number that all fields can have all is shown.
port=$(free_ports 1)
start proxy python3 "$here/extreme_numbers.py" "$port" "$coordinator" 4294967295
wait_for_port "$port"
expect_exit 0 "$shoal" status --server "http://127.0.0.1:$port"
expect_text "$work/out" 'stage +device'
