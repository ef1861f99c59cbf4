# Help names every command.
expect_exit 0 "$shoal" --help
for name in worker serve plan chat generate devices status inspect tokenize logits version; do expect_text "$work/out" "^ *$name\b"; done
