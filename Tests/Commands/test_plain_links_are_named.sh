# Without --insecure a worker says that links are plain; with it, it does not.
port=$(free_ports 1)
start loud "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/data"
wait_for_text "$work/loud.log" 'not encrypted.*--insecure'
stop_all
start quiet "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/data" --insecure
wait_for_text "$work/quiet.log" 'listens on'
! grep -qi 'not encrypted' "$work/quiet.log" || die "warned although told not to"
