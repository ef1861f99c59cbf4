# Keys are made, obeyed by a running server, and removed; the server's log has none of them.
data="$work/coordinator"
start_serve --data-dir "$data"
curl --silent --fail --output /dev/null "$url/v1/models"
key=$("$shoal" key add phone --requests-per-minute 1000 --concurrent 4 --data-dir "$data" 2>"$work/err")
[[ $key =~ ^sk-shoal-[A-Za-z0-9_-]{43}$ ]] || die "not a key: $key"
expect_text "$work/err" 'only time'
answers() { curl --silent --output "$work/answer" --write-out '%{http_code}' "$@" "$url/v1/models"; }
# wait_for_answer STATUS ARGUMENTS...
wait_for_answer() {
    local wanted=$1 deadline=$((SECONDS + patience))
    shift
    until [ "$(answers "$@")" = "$wanted" ]; do
        [ $SECONDS -lt $deadline ] || die "not $wanted but $(answers "$@"): $(cat "$work/answer")"
        sleep 0.1
    done
}
wait_for_answer 401
[ "$(answers --header "Authorization: Bearer $key")" = 200 ] || die "the key is refused"
post /v1/completions '{"prompt": "Hi"}'
expect_error 401 'invalid_api_key' 'Authorization'
# The program's own commands.
expect_exit 1 "$shoal" status --json --server "$url"
expect_text "$work/err" 'asks for a key' 'key add'
expect_exit 0 "$shoal" status --json --server "$url" --key "$key"
for command in "devices --json" "models --json"; do
    SHOAL_API_KEY=$key expect_exit 0 "$shoal" $command --server "$url"
done
printf 'Hi\n/exit\n' | SHOAL_API_KEY=$key timeout 60 "$shoal" chat --server "$url" --max-tokens 3 >"$work/out"
expect_exit 0 "$shoal" place "$model" --server "$url" --key "$key"
expect_exit 1 "$shoal" unload --server "$url" --key "${key}x"
! grep -q -- "$key" "$work/err" || die "the error repeats the key: $(cat "$work/err")"
# What is told of keys.
expect_exit 0 "$shoal" key list --data-dir "$data"
expect_text "$work/out" 'phone.*1000 +4'
expect_exit 0 "$shoal" key list --json --data-dir "$data"
expect_text "$work/out" '"name" : "phone"' '"requests_per_minute" : 1000' '"concurrent" : 4'
! grep -q -- "${key#sk-shoal-}" "$work/out" || die "a secret is listed"
expect_exit 1 "$shoal" key add phone --data-dir "$data"
expect_text "$work/err" 'phone' 'key remove'
expect_exit 2 "$shoal" key add desk --concurrent 0 --data-dir "$data"
second=$("$shoal" key add desk --data-dir "$data" 2>/dev/null)
expect_exit 0 "$shoal" key remove phone --data-dir "$data"
expect_exit 1 "$shoal" key remove phone --data-dir "$data"
expect_text "$work/err" 'phone' 'key list'
wait_for_answer 401 --header "Authorization: Bearer $key"
wait_for_answer 200 --header "Authorization: Bearer $second"
for secret in "$key" "$second"; do
    ! grep -rqF -- "${secret#sk-shoal-}" "$work/serve.log" "$data" || die "a secret is in the log or on the disk"
done
