# Files that are something else.
printf 'PK\003\004 this is a zip' >"$work/zip.gguf"
printf '<!DOCTYPE html><html>not found</html>' >"$work/page.gguf"
: >"$work/empty.gguf"
for name in zip page empty; do
    expect_exit 1 "$shoal" inspect "$work/$name.gguf"
    expect_text "$work/err" "$name\.gguf" 'GGUF|empty'
    expect_exit 1 "$shoal" serve "$work/$name.gguf" --insecure --listen 127.0.0.1:0
done
