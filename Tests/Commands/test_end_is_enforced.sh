# Told to end while all its event loops are held, serve ends by force when its time is over; told again, at once.
command -v cc >/dev/null || { echo "no C compiler: skipped"; exit 0; }
# What is preloaded has no space in its path.
cd "$work"
cc -shared -fPIC -O1 -o hold.so "$here/hold_event_loops.c" -ldl
export HOLD_EVENT_LOOPS="$work/hold"
# start_held: serves, and then holds what waits for events.
start_held() {
    rm -f "$HOLD_EVENT_LOOPS"
    LD_PRELOAD=./hold.so start_serve --drain 1
    touch "$HOLD_EVENT_LOOPS"
    # The loop that takes this is held from then on.
    for _ in {1..4}; do curl --silent --max-time 1 --output /dev/null "$url/health" || true; done
    ! curl --silent --max-time 2 --output /dev/null "$url/health" || die "it answers although it is held"
}
# expect_forced SECONDS PATTERN
expect_forced() {
    local deadline=$((SECONDS + $1)) status=0
    while kill -0 "${started[-1]}" 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || die "still running $1 s later"
        sleep 0.1
    done
    wait "${started[-1]}" || status=$?
    [ "$status" = 1 ] || die "exit status $status, not 1"
    expect_text "$work/serve.log" "$2"
    started=()
}

start_held
kill -TERM "${started[-1]}"
expect_forced 12 'did not end within 6 s'

start_held
kill -TERM "${started[-1]}"
sleep 0.5
kill -0 "${started[-1]}" || die "ended before its time"
kill -TERM "${started[-1]}"
expect_forced 3 'told to end again'
