# No coordinator where `devices`, `status` and `chat` look: they say so at once.
port=$(free_ports 1)
for command in devices status chat; do
    expect_exit 1 timeout "$patience" "$shoal" "$command" --server "http://127.0.0.1:$port"
    expect_text "$work/err" "127\.0\.0\.1:$port" 'refused' 'shoal serve' '\-\-server'
done
