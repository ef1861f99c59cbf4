# 404 for another model, 404 for another path, 405 for another method.
start_serve
post /v1/chat/completions '{"model": "gpt-4", "messages": [{"role": "user", "content": "Hi"}]}'
expect_error 404 'model_not_found' 'gpt-4'
post /v1/nothing '{}'
expect_error 404 'unknown path'
post /v1/models '{}'
expect_error 405 'GET'
