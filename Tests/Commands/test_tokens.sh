# Tokens are listed and taken back; how long one is good has bounds, which a refusal names.
mapfile -t free < <(free_ports 2)
api=${free[0]} join=${free[1]}
data="$work/coordinator"
"$shoal" init --data-dir "$data" >/dev/null
start serve "$shoal" serve --listen "127.0.0.1:$api" --data-dir "$data" --join-listen "127.0.0.1:$join"
wait_for_text "$work/serve.log" 'devices join at'
token=("$shoal" token --data-dir "$data")
for life in 31d 721h 99999999999999999999s; do
    expect_exit 2 "$shoal" token --data-dir "$data" --expires "$life"
    expect_text "$work/err" '30d at most'
done
expect_exit 2 "$shoal" token --data-dir "$data" --expires 0h
expect_text "$work/err" '1s at least'
for life in soon -5m= 5 m 1.5h '٣h'; do
    expect_exit 2 "$shoal" token --data-dir "$data" "--expires=$life"
    expect_text "$work/err" 'a number and a unit'
done
expect_exit 0 "${token[@]}" --list
expect_text "$work/out" 'no tokens'
"${token[@]}" --address "127.0.0.1:$join" --json --expires 30d >"$work/first"
"${token[@]}" --address "127.0.0.1:$join" --json >"$work/second"
"${token[@]}" --address "127.0.0.1:$join" --json >"$work/third"
of() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/$1" "$2"; }
of second token | "$shoal" join --name pi1 --data-dir "$work/pi1" >/dev/null
expect_exit 0 "${token[@]}" --list --json
python3 - "$work/out" "$(of first id)" "$(of second id)" "$(of third id)" <<'PYTHON'
import json, sys

tokens = {token["id"]: token for token in json.load(open(sys.argv[1]))["tokens"]}
first, second, third = sys.argv[2:]
assert set(tokens) == {first, second, third}, tokens
assert tokens[second]["used_by"] == "pi1" and tokens[second]["used_at"] >= tokens[second]["created_at"]
assert tokens[first]["expires_at"] - tokens[first]["created_at"] == 30 * 86400
assert set(tokens[first]) == {"id", "created_at", "expires_at"}, tokens[first]
PYTHON
expect_exit 0 "${token[@]}" --list
expect_text "$work/out" "$(of second id) .*used +pi1"
! grep -qF "$(of first token)" "$work/out" || die "a token is shown"
expect_exit 0 "${token[@]}" --revoke "$(of first id)"
expect_text "$work/out" "revoked: $(of first id)"
expect_exit 1 "$shoal" join --name pi2 --data-dir "$work/pi2" "$(of first token)"
expect_text "$work/err" 'revoked'
expect_exit 1 "${token[@]}" --revoke "$(of first id)"
expect_text "$work/err" 'no token' '\-\-list'
expect_exit 1 "${token[@]}" --revoke "$(of second id)"
expect_text "$work/err" 'shoal remove pi1'
expect_exit 0 "${token[@]}" --revoke all --json
expect_text "$work/out" "$(of third id)"
expect_exit 1 "$shoal" join --name pi2 --data-dir "$work/pi2" "$(of third token)"
expect_exit 2 "$shoal" token --list --revoke all --data-dir "$data"
