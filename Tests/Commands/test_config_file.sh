# Options of worker and serve may be in a file: each long one, checked as on the command line, which wins; what is wrong is told with its line.
port=$(free_ports 1)
cat >"$work/worker.yaml" <<YAML
# Where it is reached.
listen: 127.0.0.1:$port
name: nemo
threads: 1
memory: 512MiB
insecure: true
verify: false
data-dir: $work/data
YAML
mkdir -p "$work/data"
cp "$profile"/profile-*.json "$work/data"
start worker "$shoal" worker --config "$work/worker.yaml" --name dory
wait_for_port "$port"
expect_text "$work/worker.log" 'worker dory listens on 127.0.0.1:' ', 1 thread,'
expect_exit 0 "$shoal" devices --worker "127.0.0.1:$port" --insecure --json
expect_text "$work/out" '"name" *: *"dory"' '"memory_budget_bytes" *: *536870912'

# expect_refusal COMMAND LINE PATTERN: standard input is the file.
expect_refusal() {
    cat >"$work/wrong.yaml"
    expect_exit 2 "$shoal" "$1" --config "$work/wrong.yaml"
    expect_text "$work/err" "wrong.yaml$2: .*$3"
}
expect_refusal worker :2 "no option 'thread'; known are .*store-limit, threads" <<<$'name: a\nthread: 4'
expect_refusal worker :2 "threads" <<<$'name: a\nthreads: many'
expect_refusal worker :1 "1 to " <<<$'threads: 0\nname: a'
expect_refusal worker :2 "true or false" <<<$'name: a\ninsecure: 1'
expect_refusal worker :1 "not a list" <<<'listen: [a, b]'
expect_refusal worker :1 "no option 'config'" <<<'config: other.yaml'
expect_refusal worker :2 "no YAML" <<<'name: "a'
expect_refusal serve :2 "pi1:99999.*--worker" <<<$'standby: true\nworker:\n  - pi1:99999\n'
# The order of a mapping's keys says nothing, nor that two are wrong together.
expect_refusal serve '' "exclude each other" <<<$'open: true\nrequire-key: true'
expect_exit 1 "$shoal" worker --config "$work/none.yaml"
expect_text "$work/err" 'none.yaml cannot be read'

# All long options of both have their key, and these are what the package's files name.
for command in worker serve; do
    "$shoal" "$command" --help | grep -oE -- '^ +(-[a-z], )?--[a-z-]+' | sed 's/.*--//' | grep -vE '^(config|help|version)$' | sort -u >"$work/options"
    [ "$(wc -l <"$work/options")" -gt 8 ] || die "few options: $(cat "$work/options")"
    expect_refusal "$command" :1 "known are $(paste -sd, "$work/options" | sed 's/,/, /g')\$" <<<'nothing: 1'
done
deploy="$here/../../Deploy/debian"
for file in worker coordinator; do
    sed -E 's/^#([a-z-]+:|  - )/\1/' "$deploy/$file.yaml" >"$work/all.yaml"
    grep -cE '^[a-z-]+:' "$work/all.yaml" >/dev/null || die "$file.yaml names no option"
    # Less than any machine has.
    sed -i -E 's/^threads:.*/threads: 1/; s/^memory:.*/memory: 512MiB/' "$work/all.yaml"
    # Read and checked; then the cluster's authority, or the membership, is missing.
    printf 'data-dir: %s\n' "$work/empty" >>"$work/all.yaml"
    # A worker that announces itself would wait for its membership.
    command=(worker --no-announce)
    [ $file = worker ] || command=(serve)
    sed -i '/^insecure/d; /^listen/d; /^join-listen/d' "$work/all.yaml"
    expect_exit 1 "$shoal" "${command[@]}" --config "$work/all.yaml" --listen 127.0.0.1:0
    expect_text "$work/err" 'shoal init'
done
