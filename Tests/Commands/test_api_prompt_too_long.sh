# 400 for a prompt longer than the context, and the server goes on.
start_serve --context 64
long=$(printf 'word %.0s' {1..200})
post /v1/completions "{\"prompt\": \"$long\"}"
expect_error 400 'context_length_exceeded' '64'
post /v1/completions '{"prompt": "One, two,", "max_tokens": 3, "temperature": 0}'
[ "$status" = 200 ] || die "status $status: $(cat "$work/answer")"
post /v1/completions '{"prompt": "One, two,", "temperature": 0, "stop": []}'
expect_text "$work/answer" '"finish_reason":"(length|stop)"'
