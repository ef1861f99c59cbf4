# A listen that others can reach is refused without keys, with the mend, unless it is said that anybody may ask.
port=$(free_ports 1)
data="$work/coordinator"
expect_exit 1 "$shoal" serve "$model" --listen "0.0.0.0:$port" --insecure --data-dir "$data"
expect_text "$work/err" 'shoal key add' '\-\-open'
expect_exit 2 "$shoal" serve "$model" --listen "0.0.0.0:$port" --open --require-key --data-dir "$data"
start open "$shoal" serve --listen "0.0.0.0:$port" --open --data-dir "$data"
wait_for_text "$work/open.log" 'warning.*anybody'
wait_for_port "$port"
[ "$(curl --silent --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$port/api/models")" = 200 ] || die "--open does not answer"
stop_all
key=$("$shoal" key add phone --data-dir "$data" 2>/dev/null)
start keyed "$shoal" serve --listen "0.0.0.0:$port" --data-dir "$data"
wait_for_text "$work/keyed.log" 'in the clear.*--tls-certificate'
wait_for_port "$port"
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@" "http://127.0.0.1:$port/api/models"; }
[ "$(status)" = 401 ] || die "answers without a key"
[ "$(status --header "Authorization: Bearer $key")" = 200 ] || die "the key is refused"
# The last key goes: it stays closed.
"$shoal" key remove phone --data-dir "$data" 2>/dev/null
sleep 1.5
[ "$(status)" = 401 ] || die "opened when the last key was removed"
