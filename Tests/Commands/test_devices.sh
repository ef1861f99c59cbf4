# `devices` shows who is there and who is not, as a table and as JSON.
start_workers 2
gone=$(free_ports 1)
expect_exit 0 "$shoal" devices --insecure "${worker_flags[@]}"
expect_text "$work/out" "${ports[0]}" "${ports[1]}"
expect_exit 0 "$shoal" devices --insecure --json "${worker_flags[@]}"
python3 -m json.tool <"$work/out" >/dev/null || die "no JSON"
expect_exit 1 "$shoal" devices --insecure "${worker_flags[@]}" --worker "127.0.0.1:$gone"
expect_text "$work/out" "${ports[0]}"
