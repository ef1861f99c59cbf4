# A device that is removed says so and ends: at once, when it starts again, and when it was away. A member's second token is not used.
mapfile -t free < <(free_ports 4)
api=${free[0]} join=${free[1]} port=${free[2]} second=${free[3]}
url=http://127.0.0.1:$api
data="$work/coordinator"
"$shoal" init --data-dir "$data" >/dev/null
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join"
wait_for_text "$work/serve.log" 'devices join at'
token() { "$shoal" token --data-dir "$data" --address "127.0.0.1:$join" 2>/dev/null; }
# worker NAME PORT FLAGS...
worker() {
    local name=$1 port=$2
    shift 2
    mkdir -p "$work/$name"
    # Nothing of an earlier run is taken for this one's.
    rm -f "$work/$name.log"
    cp "$profile"/profile-*.json "$work/$name"
    start "$name" "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/$name" "$@"
}
# expect_removed PID NAME: the process ends with status 3, and says why.
expect_removed() {
    local code=0
    wait_for_end "$1"
    wait "$1" || code=$?
    [ $code = 3 ] || die "$2 ended with $code: $(cat "$work/$2.log")"
    expect_text "$work/$2.log" 'removed from the cluster by its coordinator.*shoal token.*shoal join'
}

worker pi1 "$port" --name pi1 --join "$(token)"
pi1=${started[-1]}
wait_for_port "$port"
# With a model on it, so that there is a link.
expect_exit 0 "$shoal" place "$model" --server "$url" --data-dir "$data"
expect_exit 0 "$shoal" remove pi1 --server "$url" --data-dir "$data"
expect_removed "$pi1" pi1
# It knows without being told again.
worker pi1 "$port"
expect_removed "${started[-1]}" pi1
# With a new token it is a member again.
worker pi1 "$port" --name pi1 --join "$(token)"
pi1=${started[-1]}
wait_for_text "$work/pi1.log" 'listens on'

# One that was away learns it when it starts.
kill -TERM "$pi1"
wait "$pi1" || true
expect_exit 0 "$shoal" remove pi1 --server "$url" --data-dir "$data"
worker pi1 "$port"
expect_removed "${started[-1]}" pi1

# A member that is given a token of its cluster says that it is one, and the token is good for another.
worker pi1 "$port" --name pi1 --join "$(token)"
wait_for_text "$work/pi1.log" 'listens on'
kill -TERM "${started[-1]}"
wait "${started[-1]}" || true
unused=$(token)
worker pi1 "$port" --name other --join "$unused"
wait_for_text "$work/pi1.log" 'member of this cluster already, as pi1'
wait_for_text "$work/pi1.log" 'worker pi1 listens'
expect_text "$work/pi1.log" 'shoal rename pi1 other'
expect_exit 0 "$shoal" join --data-dir "$work/pi1" "$unused"
expect_text "$work/out" 'pi1 is a member'
worker pi2 "$second" --name pi2 --join "$unused"
wait_for_text "$work/pi2.log" 'worker pi2 listens'

# One that goes over to another cluster is told what it left.
"$shoal" init --data-dir "$work/other" >/dev/null
mapfile -t free < <(free_ports 2)
start other "$shoal" serve --listen "127.0.0.1:${free[0]}" --data-dir "$work/other" --join-listen "127.0.0.1:${free[1]}"
wait_for_text "$work/other.log" 'devices join at'
elsewhere=$("$shoal" token --data-dir "$work/other" --address "127.0.0.1:${free[1]}" 2>/dev/null)
expect_exit 0 "$shoal" join --data-dir "$work/pi2" "$elsewhere"
expect_text "$work/err" 'was pi2 in another cluster' 'shoal remove pi2'
