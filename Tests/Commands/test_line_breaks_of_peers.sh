# What a device says prints no line of its own, and steers no terminal: its name, and why it refuses.
port=$(free_ports 1)
start odd python3 "$here/fake_device.py" "$port" $'pi\nforged: 1\033[31m' $((1 << 40)) $'no\nshoal: forged 2\342\200\256'
wait_for_port "$port"
expect_exit 0 "$shoal" devices --insecure --worker "127.0.0.1:$port"
! grep -qE '^(shoal: )?forged' "$work/out" "$work/err" || die "a line of the device's own"
# It gave itself no name that is one.
expect_text "$work/out" "127\.0\.0\.1:$port"
expect_exit 0 "$shoal" devices --insecure --json --worker "127.0.0.1:$port"
expect_text "$work/out" "\"name\" *: *\"127\.0\.0\.1:$port\""
expect_exit 1 "$shoal" generate "$model" --prompt Hi --insecure --worker "127.0.0.1:$port"
! grep -qE '^(shoal: )?forged' "$work/out" "$work/err" || die "a line of the device's own"
expect_text "$work/err" 'refused: no\\u\{a\}shoal: forged 2\\u\{202e\}'
! LC_ALL=C grep -q $'\033\|\342\200\256' "$work/out" "$work/err" || die "control characters"
