# While an answer of the model before is under way `place` says that it waits for it; interrupted, what goes on without it, and that it does.
port=$(free_ports 1)
url=http://127.0.0.1:$port
mkdir -p "$work/models"
ln -s "$model" "$work/models/other.gguf"
start serve "$shoal" serve "$model" --listen "127.0.0.1:$port" --insecure --data-dir "$work/coordinator" --context 256 --context-shift
deadline=$((SECONDS + patience))
until curl --silent --fail --output /dev/null "$url/health"; do
    [ $SECONDS -lt $deadline ] || die "no model answers: $(tail -n 20 "$work/serve.log")"
    sleep 0.1
done
# An answer without an end.
start endless curl --silent --no-buffer "$url/v1/completions" --header 'Content-Type: application/json' \
    --data '{"prompt": "Hi", "stream": true, "max_tokens": 100000000, "ignore_eos": true}'
endless=${started[-1]}
wait_for_text "$work/endless.log" 'data:'
start place "$shoal" place other --models-dir "$work/models" --server "$url"
place=${started[-1]}
wait_for_text "$work/place.log" 'has 1 answer under way, which may take 30 s more; then it is replaced'
kill -INT "$place"
ended=0
wait "$place" || ended=$?
[ "$ended" = 130 ] || die "exit status $ended: $(cat "$work/place.log")"
expect_text "$work/place.log" 'the coordinator goes on placing other\.gguf'
kill -TERM "$endless"
deadline=$((SECONDS + patience))
until curl --silent "$url/v1/models" | grep -q '"id":"other"'; do
    [ $SECONDS -lt $deadline ] || die "not placed: $(tail -n 20 "$work/serve.log")"
    sleep 0.1
done
