# Devices whose clock is years behind or months ahead join by the coordinator's, and both sides tell that it is the clock, with both times.
[ "$(uname -s)" = Linux ] || { echo "preloading is Linux's: skipped"; exit 0; }
command -v cc >/dev/null || { echo "no C compiler: skipped"; exit 0; }
# What is preloaded has no space in its path.
cd "$work"
cc -shared -fPIC -O1 -o clock.so "$here/clock_offset.c" -ldl
mapfile -t free < <(free_ports 4)
api=${free[0]} join=${free[1]}
data="$work/coordinator"
"$shoal" init --data-dir "$data" >/dev/null
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join"
wait_for_text "$work/serve.log" 'devices join at'

# at DAYS COMMAND...: with a clock that is so far ahead; takes the place of its shell, a pipe's or a background one's.
at() {
    local days=$1
    shift
    exec env LD_PRELOAD=./clock.so "SHOAL_TEST_CLOCK_OFFSET=$((days * 86400))" "$@"
}
token() { "$shoal" token --data-dir "$data" --address "127.0.0.1:$join" 2>/dev/null; }

index=1
for days in -20000 200; do
    index=$((index + 1)) name=pi$days
    name=${name/-/m}
    behind=$([ "$days" -lt 0 ] && echo 'years behind' || echo 'days ahead')
    token | at "$days" "$shoal" join --name "$name" --data-dir "$work/$name" - >"$work/joined" 2>"$work/err"
    expect_text "$work/joined" "$name has joined"
    expect_text "$work/err" "this device's clock says .*, the coordinator's says 20[2-9][0-9]-.*$behind" 'timedatectl'
    expect_text "$work/serve.log" "$name's clock says .*, the coordinator's says 20[2-9][0-9]-.*$behind"
    mkdir -p "$work/$name"
    cp "$profile"/profile-*.json "$work/$name"
    port=${free[index]}
    at "$days" "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/$name" </dev/null >"$work/$name.log" 2>&1 &
    started+=($!)
    wait_for_text "$work/$name.log" "worker $name listens"
    wait_for_text "$work/$name.log" "this device's clock says .*$behind"
    # Neither side takes it for anything but the clock.
    "$shoal" devices --data-dir "$data" --worker "127.0.0.1:$port" </dev/null >"$work/out" 2>"$work/err" || true
    expect_text "$work/err" 'its clock, or this machine.s, is wrong' 'timedatectl'
    wait_for_text "$work/$name.log" "no secure link: this device's clock says"
done
# By the coordinator's clock a worker that was months ahead has a certificate that is good: with the clock set it is there.
kill -TERM "${started[-1]}"
wait_for_end "${started[-1]}"
start right "$shoal" worker --listen "127.0.0.1:${free[3]}" --data-dir "$work/pi200"
wait_for_text "$work/right.log" 'worker pi200 listens'
expect_exit 0 "$shoal" devices --data-dir "$data" --worker "127.0.0.1:${free[3]}" --json
expect_text "$work/out" '"name" *: *"pi200"'
