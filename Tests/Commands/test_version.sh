# `version` prints a version and nothing else.
expect_exit 0 "$shoal" version
[ "$(wc -l <"$work/out")" -eq 1 ] || die "not one line: $(cat "$work/out")"
expect_text "$work/out" '[0-9]+\.[0-9]+'
cp "$work/out" "$work/version"
expect_exit 0 "$shoal" --version
cmp "$work/out" "$work/version" || die "--version says something else: $(cat "$work/out")"
