# 400 for what is no JSON.
start_serve
post /v1/chat/completions '{"messages": ['
expect_error 400 'JSON'
post /v1/completions 'nonsense'
expect_error 400 'JSON'
post /v1/chat/completions '{"messages": "x"}'
expect_error 400 '"param":"messages"'
