# `template` prints the prompt of messages and its tokens; errors name the file, the line and what to do.
cat >"$work/messages.json" <<'JSON'
[{"role": "user", "content": "Hi <|im_end|>"}]
JSON
expect_exit 0 "$shoal" template "$model" --messages "$work/messages.json" --json
python3 - "$work/out" <<'PYTHON' || die "$(cat "$work/out")"
import json, sys

made = json.load(open(sys.argv[1]))
assert made["prompt"].endswith("<|im_start|>user\nHi <|im_end|><|im_end|>\n<|im_start|>assistant\n"), made["prompt"]
assert "".join(token["piece"] for token in made["tokens"]) == made["prompt"]
# What the user typed is text.
assert [token["id"] for token in made["tokens"] if token["is_control"]] == [1, 2, 1, 2, 1], made["tokens"]
PYTHON
expect_exit 0 "$shoal" template "$model" --messages "$work/messages.json"
expect_text "$work/out" '^Prompt \([0-9]+ bytes\)$' '^<\|im_start\|>assistant$' '^Tokens \([0-9]+\)$' '^ +1  "<\|im_start\|>" +control$' '^ +198  "\\n"$'

# A request's body from standard input, a template and tools of one's own, without the opening of an answer.
cat >"$work/other.jinja" <<'JINJA'
{% for tool in tools %}{{ '%s|' % tool.name }}{% endfor %}
{{ messages[0].content }}{{ '>' if add_generation_prompt }}
JINJA
echo '{"messages": [{"role": "user", "content": "Hey"}], "tools": [{"name": "f"}]}' |
    timeout "$patience" "$shoal" template "$model" --messages - --chat-template "$work/other.jinja" --no-generation-prompt --json >"$work/out"
[ "$(python3 -c 'import json, sys; print(repr(json.load(sys.stdin)["prompt"]))' <"$work/out")" = "'f|Hey'" ] || die "$(cat "$work/out")"
echo '[{"name": "g"}, {"name": "h"}]' >"$work/tools.json"
expect_exit 0 "$shoal" template "$model" --messages "$work/messages.json" --tools "$work/tools.json" --chat-template "$work/other.jinja" --json
expect_text "$work/out" '"prompt" : "g\|h\|Hi <\|im_end\|>>"'

# What is wrong, and where.
printf '[{"role": "user",\n "content": "Hi"},\n oops]' >"$work/bad.json"
expect_exit 1 "$shoal" template "$model" --messages "$work/bad.json"
expect_text "$work/err" 'bad\.json, line 3: a value is expected; give --messages a JSON list'
echo '[{"role": "user"}, {"content": 1}]' >"$work/bad.json"
expect_exit 1 "$shoal" template "$model" --messages "$work/bad.json"
expect_text "$work/err" 'bad\.json: message 2 of 2 is no object with a "role"'
expect_exit 1 "$shoal" template "$model" --messages "$work/absent.json"
expect_text "$work/err" 'absent\.json cannot be read: no such file'
printf 'a\nb{%% foo %%}' >"$work/other.jinja"
expect_exit 1 "$shoal" template "$model" --messages "$work/messages.json" --chat-template "$work/other.jinja"
expect_text "$work/err" "other\.jinja cannot be read: line 2: the tag 'foo'"
printf '\n\n{{ messages[0].x.y }}' >"$work/other.jinja"
expect_exit 1 "$shoal" template "$model" --messages "$work/messages.json" --chat-template "$work/other.jinja"
expect_text "$work/err" "other\.jinja, line 3: .*has no 'x'"
printf "{{ raise_exception('not so') }}" >"$work/other.jinja"
expect_exit 1 "$shoal" template "$model" --messages "$work/messages.json" --chat-template "$work/other.jinja"
expect_text "$work/err" 'refuses the messages: not so'
expect_exit 2 "$shoal" template "$model" --messages "$work/messages.json" --chat-template none
expect_exit 2 "$shoal" template "$model"

# A file of metadata only is enough.
python3 "$here/edit_gguf.py" "$model" "$work/metadata.gguf" metadata
[ "$(wc -c <"$work/metadata.gguf")" -lt 8000000 ] || die "$(ls -l "$work/metadata.gguf")"
expect_exit 0 "$shoal" template "$work/metadata.gguf" --messages "$work/messages.json"
expect_text "$work/out" '^Tokens \([0-9]+\)$'
