# `shoal chat` without a terminal: each line of standard input is a message, and only answers go to standard output; what begins with a
# slash is never sent to the model.
export XDG_STATE_HOME=$work/state
start_serve
printf '%s\n' '/unknown' '/set max-tokens 8' 'Hello' '/new' 'Hello' '/exit' 'never sent' |
    timeout "$patience" "$shoal" chat --server "$url" --temperature 0 >"$work/out" 2>"$work/err" || die "$(cat "$work/err")"
[ "$(wc -l <"$work/out")" -ge 2 ] || die "not two answers: $(cat "$work/out")"
# The same question of two conversations has the same answer.
half=$(($(wc -l <"$work/out") / 2))
[ "$(head -n $half "$work/out")" = "$(tail -n $half "$work/out")" ] || die "two answers: $(cat "$work/out")"
expect_text "$work/err" 'there is no /unknown' 'cut after 8 tokens'
! grep -q $'\033' "$work/out" "$work/err" || die "escape codes in a pipe"
[ ! -e "$work/state/shoal/chat_history" ] || die "a history of what nobody typed"
