# 413 above 1 MiB.
start_serve
{ printf '{"prompt": "'; head -c 9000000 /dev/zero | tr '\0' a; printf '"}'; } >"$work/body"
status=$(curl --silent --show-error --max-time 60 --output "$work/answer" --write-out '%{http_code}' \
    --header 'Content-Type: application/json' --data-binary "@$work/body" "$url/v1/completions")
expect_error 413 'request_too_large'
