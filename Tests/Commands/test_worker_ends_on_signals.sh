# A worker ends on SIGTERM and SIGINT, at once and without an error.
for signal in TERM INT; do
    start_workers 1
    kill -"$signal" "${started[-1]}"
    status=0
    wait "${started[-1]}" || status=$?
    [ "$status" -eq 0 ] || die "status $status after SIG$signal: $(cat "$work"/worker-*.log)"
    started=()
done
