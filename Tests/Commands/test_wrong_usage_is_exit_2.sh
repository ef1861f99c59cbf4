# Wrong usage is told from failure: status 2, and a hint on standard error.
expect_exit 2 "$shoal" nonsense
expect_exit 2 "$shoal" worker --no-such-flag
expect_exit 2 "$shoal" inspect
expect_exit 2 "$shoal" worker --listen 127.0.0.1:99999 --insecure --data-dir "$work/data"
expect_text "$work/err" 'listen'
