# `shoal chat` on a terminal: edited lines, orders, Ctrl-C that ends an answer and not the chat, messages of several lines, a history that
# only its owner reads; lines no wider than the terminal; a coordinator that is gone ends nothing.
export XDG_STATE_HOME=$work/state
start_serve
python3 "$here/chat_terminal.py" 40 "$shoal" chat --server "$url" --temperature 0 >"$work/screen" <<SCRIPT || die "$(tail -n 30 "$work/screen")"
expect answers;\s+/help
expect > 
send /nonsense\r
expect there is no /nonsense
expect > 
send left half way\x03
expect > 
send /set max-tokens 24\r
expect > 
send Tell me about the sea\r
expect (?s)sea\r.+\(the answer was cut after 24\s+tokens
expect > 
send /set max-tokens 0\r
expect > 
send """\rWrite a long story about a lighthouse\rand a storm, with many chapters."""\r
expect chapters\."""\r
expect \w+ \w+
send \x03
expect \(ended; what came of it
expect > 
send /save $work/saved.json\r
expect 4\s+messages\s+saved
expect > 
send /new\r
expect > 
send /load $work/saved.json\r
expect 4\s+messages\s+loaded
expect > 
kill ${started[-1]}
send Are you there?\r
expect /retry
expect > 
send \x04
end
SCRIPT
python3 - "$work/saved.json" <<'PYTHON' || die "not what was said: $(cat "$work/saved.json")"
import json, sys

messages = json.load(open(sys.argv[1]))
assert [m["role"] for m in messages] == ["user", "assistant"] * 2, messages
assert messages[0]["content"] == "Tell me about the sea" and messages[2]["content"] == "Write a long story about a lighthouse\nand a storm, with many chapters.", messages
assert all(m["content"] for m in messages), messages
PYTHON
[ "$(stat -c %a "$work/state/shoal/chat_history")" = 600 ] || die "others can read the history"
grep -q 'Tell' "$work/state/shoal/chat_history" || die "no history: $(cat "$work/state/shoal/chat_history")"
! grep -q 'half' "$work/state/shoal/chat_history" || die "what was left is in the history"
