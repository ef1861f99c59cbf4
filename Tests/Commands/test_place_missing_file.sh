# A file that is not there, and one that is no model: named, and the model that is served stays.
start_serve
expect_exit 1 "$shoal" place "$work/nothing.gguf" --server "$url"
expect_text "$work/err" 'nothing\.gguf' 'no such file'
echo "no model" >"$work/text.gguf"
expect_exit 1 "$shoal" place "$work/text.gguf" --server "$url"
expect_text "$work/err" 'text\.gguf'
curl --silent --fail --output /dev/null "$url/health" || die "the model is gone"
