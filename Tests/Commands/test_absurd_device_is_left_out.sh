# A device that says that it has 2^63 bytes of memory is named and left out; the model goes to the others.
start_workers 1
absurd=$(free_ports 1)
start absurd python3 "$here/fake_device.py" "$absurd" pi3 9223372036854775808
wait_for_port "$absurd"
expect_exit 0 "$shoal" plan "$model" --insecure "${worker_flags[@]}" --worker "127.0.0.1:$absurd"
expect_text "$work/err" "127.0.0.1:$absurd.*memory_budget_bytes: 9223372036854775808 bytes, which no device has"
expect_text "$work/out" "w${ports[0]} +layers 0-29"
expect_exit 0 "$shoal" generate "$model" --prompt Hi --max-tokens 2 --insecure "${worker_flags[@]}" --worker "127.0.0.1:$absurd"
expect_text "$work/err" "127.0.0.1:$absurd is left out: .*which no device has"
# Alone it is no place for a model.
expect_exit 1 "$shoal" generate "$model" --prompt Hi --insecure --worker "127.0.0.1:$absurd"
expect_text "$work/err" "127.0.0.1:$absurd .*which no device has"
expect_exit 1 "$shoal" devices --insecure "${worker_flags[@]}" --worker "127.0.0.1:$absurd"
expect_text "$work/err" "127.0.0.1:$absurd.*which no device has"
