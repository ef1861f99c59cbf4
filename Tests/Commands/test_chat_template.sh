# `serve --chat-template`: another template than the model's, none, or one that cannot be read; completions are answered in any case.
chat='{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}'
echo "{{ messages[0].content }}:" >"$work/other.jinja"
start_serve --chat-template "$work/other.jinja" --drain 2
post /v1/chat/completions "$chat"
[ "$status" = 200 ] || die "a chat got $status"
# "Hi" and ":".
[ "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["usage"]["prompt_tokens"])' <"$work/answer")" = 2 ] || die "$(cat "$work/answer")"
stop_all

start_serve --chat-template none --drain 2
expect_text "$work/serve.log" 'no chats: chats are switched off \(--chat-template none\); completions are answered'
post /v1/chat/completions "$chat"
expect_error 400 'switched off' 'no_chat_template'
post /v1/completions '{"prompt": "Hi", "max_tokens": 1}'
[ "$status" = 200 ] || die "a completion got $status"
stop_all

# The model's own.
python3 "$here/edit_gguf.py" "$model" "$work/broken.gguf" template $'{{ 1 }}\n{% include "x" %}'
model=$work/broken.gguf start_serve --drain 2
expect_text "$work/serve.log" "no chats: the model's chat template cannot be read: line 2: the tag 'include'"
post /v1/chat/completions "$chat"
expect_error 501 "the model's chat template cannot be read: line 2" 'chat_template_unreadable'
post /v1/completions '{"prompt": "Hi", "max_tokens": 1}'
[ "$status" = 200 ] || die "a completion got $status"
stop_all

expect_exit 1 "$shoal" serve "$model" --insecure --chat-template "$work/absent.jinja"
expect_text "$work/err" 'absent\.jinja cannot be read: no such file'
