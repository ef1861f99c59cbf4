# `doctor` says what is wrong here and on workers, as text and as JSON; the exit status tells whether there is a problem.
start_workers 2
gone=$(free_ports 1)

# problems: how many the JSON in $work/out has; fails where it is not as it should be.
problems() {
    python3 - "$work/out" <<'PYTHON'
import json, sys

answer = json.load(open(sys.argv[1]))
assert sorted(answer) == ["cluster", "devices", "hints", "problems"], answer
findings = [f for d in answer["devices"] for f in d["findings"]] + answer["cluster"]
for finding in findings:
    assert finding["severity"] in ("problem", "hint") and finding["check"] and finding["what"] and finding["mend"], finding
assert answer["problems"] == sum(f["severity"] == "problem" for f in findings), answer
assert answer["hints"] == len(findings) - answer["problems"], answer
print(answer["problems"], *(d["device"].replace(" ", "") for d in answer["devices"]))
PYTHON
}

# What is wrong with this machine is not this test's to say, but the status and the count go together.
status=0
"$shoal" doctor --json >"$work/out" 2>"$work/err" || status=$?
read -r count devices < <(problems)
[ "$devices" = here ] || die "not this device alone: $devices"
[ "$status" -eq $((count > 0)) ] || die "exit status $status with $count problems: $(cat "$work/out" "$work/err")"
expect_exit "$status" "$shoal" doctor
expect_text "$work/out" '^here: '

expect_exit "$status" "$shoal" doctor --insecure "${worker_flags[@]}" --json
read -r more devices < <(problems)
[ "$devices" = "here w${ports[0]}(127.0.0.1:${ports[0]}) w${ports[1]}(127.0.0.1:${ports[1]})" ] || die "other devices: $devices"
[ $((count > 0)) -eq $((more > 0)) ] || die "workers on this machine have other problems: $(cat "$work/out")"

# One that is not there is a problem.
expect_exit 1 "$shoal" doctor --insecure --worker "127.0.0.1:$gone"
expect_text "$work/out" "127.0.0.1:$gone: 1 problem" 'reachable' '→ '

# A worker that speaks TLS, or none where it is wanted, is none of this cluster's.
export XDG_DATA_HOME=$work/data
expect_exit 0 "$shoal" init
expect_exit 1 "$shoal" doctor --worker "127.0.0.1:${ports[0]}"
expect_text "$work/out" 'two-clusters' 'no device of this cluster'
# All that joined: none yet.
expect_exit "$status" "$shoal" doctor --all
expect_exit 1 "$shoal" doctor --data-dir "$work/nothing"
expect_text "$work/err" 'there is no cluster in'
expect_exit 2 "$shoal" doctor --port 0
