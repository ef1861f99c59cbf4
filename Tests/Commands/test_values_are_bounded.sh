# Values that no machine has are refused where they are read, with the bound.
refused() {
    local bound=$1
    shift
    expect_exit 2 "$shoal" "$@"
    expect_text "$work/err" "$bound"
}
for command in "worker --insecure --data-dir $work/data" "serve --insecure --data-dir $work/data" "bench model" "plan model" "generate model --prompt x"; do
    # Words of a command line, without spaces in them.
    read -ra words <<<"$command"
    refused "threads takes 1 to $(nproc --all)" "${words[@]}" --threads $(($(nproc --all) + 1))
    refused "threads takes 1 to" "${words[@]}" --threads 0
done
for size in 2 7 1023KiB; do refused 'memory takes 1.0 MiB to .*a plain number is one of bytes' worker --insecure --memory $size; done
refused 'which this machine has' worker --insecure --memory 4096TiB
refused '' worker --insecure --memory lots
refused 'store-limit takes at least' worker --insecure --store-limit 20
refused '300 bytes' worker --name "$(printf 'n%.0s' {1..300})"
refused 'is empty' worker --name ''
for command in place run "plan" serve; do
    refused 'slots takes 1 to 1024' "$command" model --slots 0
    refused 'slots takes 1 to 1024' "$command" model --slots 1025
    refused 'context takes 1 to 16777216' "$command" model --context 0
    refused 'context takes 1 to 16777216' "$command" model --context 16777217
    refused 'streams takes' "$command" model --streams 0
    refused 'max-devices takes 1 to' "$command" model --max-devices 0
    refused 'exclude takes' "$command" model --exclude ''
done
refused 'max-tokens takes 1 to' run model --max-tokens=-1
refused 'max-tokens takes 1 to' generate model --prompt x --max-tokens 0
refused 'models-dir takes' place model --models-dir ''
# The same in files.
printf 'memory: 7\n' >"$work/worker.yaml"
refused 'worker.yaml:1: .*memory takes' worker --insecure --config "$work/worker.yaml"
printf 'devices:\n  - {name: a, address: h, memory: 2}\n' >"$work/cluster.yaml"
expect_exit 1 "$shoal" plan "$model" --cluster "$work/cluster.yaml"
expect_text "$work/err" 'cluster.yaml:2: .*1.0 MiB to'

# Folders: a relative XDG folder counts as unset, and so does such a home; one that cannot be written is told.
cd "$work"
expect_exit 0 env XDG_DATA_HOME=relative HOME="$work/home" "$shoal" init --name lap
[ -d "$work/home/.local/share/shoal/coordinator" ] || die "not in the home: $(find . -name coordinator)"
expect_exit 0 env XDG_DATA_HOME="$work/data/" HOME=relative "$shoal" init --name lap
[ -d "$work/data/shoal/coordinator" ] || die "not in XDG_DATA_HOME"
[ ! -e relative ] || die "a folder in the working folder"
touch "$work/file"
expect_exit 1 env XDG_DATA_HOME="$work/file" "$shoal" serve --insecure --listen "127.0.0.1:$(free_ports 1)"
expect_text "$work/err" 'file/shoal/coordinator' 'data-dir'
