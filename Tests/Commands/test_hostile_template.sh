# A model whose chat template asks for as much work as it can: chats are refused soon, and nobody else waits for them.
source_model=$model
model=$work/hostile.gguf
python3 "$here/edit_gguf.py" "$source_model" "$model" template \
    "{% set k = 'ab' * 4000000 %}{% for i in range(99999) %}{% set d = {k: i} %}{{ k in d }}{% endfor %}"
start_serve --drain 5
chats=()
for number in {1..8}; do
    curl --silent --max-time 120 -H 'Content-Type: application/json' -d '{"messages": [{"role": "user", "content": "Hi"}]}' \
        "$url/v1/chat/completions" >"$work/chat-$number" &
    chats+=($!)
done
for _ in {1..20}; do curl --silent --fail --max-time 5 --output /dev/null "$url/health" || die "health is silent"; done
post /v1/completions '{"prompt": "Hi", "max_tokens": 2}'
[ "$status" = 200 ] || die "a completion got $status"
wait "${chats[@]}"
post /v1/chat/completions '{"messages": [{"role": "user", "content": "Hi"}]}'
expect_error 400 'too much work' 'chat_template_error'

# A template that makes more than the context holds: refused before it is cut into tokens.
stop_all
python3 "$here/edit_gguf.py" "$source_model" "$model" template "{{ 'word ' * 1000000 }}"
start_serve --context 256
post /v1/chat/completions '{"messages": [{"role": "user", "content": "Hi"}]}'
expect_error 400 'makes a prompt of 5000000 bytes' 'context_length_exceeded'
