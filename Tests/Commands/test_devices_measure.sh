# `devices --measure` has each worker measure itself and its link to the others, and keeps it there.
start_workers 2
expect_exit 0 "$shoal" devices --insecure "${worker_flags[@]}" --json
python3 - "$work/out" <<'PYTHON'
import json, sys

document = json.load(open(sys.argv[1]))
assert all(device["profile"]["measured_at"] > 0 for device in document["devices"])
assert [link["from"] for link in document["links"]] == ["here", "here"]
assert all(link["round_trip_seconds"] > 0 and link["bytes_per_second"] > 0 for link in document["links"])
PYTHON
expect_exit 0 "$shoal" devices --insecure "${worker_flags[@]}" --measure --json
cp "$work/out" "$work/measured"
expect_exit 0 "$shoal" devices --insecure "${worker_flags[@]}" --json
python3 - "$work/measured" "$work/out" <<'PYTHON'
import json, sys

measured, later = (json.load(open(name)) for name in sys.argv[1:])
names = [device["name"] for device in measured["devices"]]
assert [(link["from"], link["to"]) for link in measured["links"]] == [("here", names[0]), ("here", names[1]), tuple(names)]
assert [device["profile"] for device in later["devices"]] == [device["profile"] for device in measured["devices"]]
PYTHON
expect_exit 0 "$shoal" devices --insecure "${worker_flags[@]}"
expect_text "$work/out" 'memory GB/s' 'Q4_K' 'round trip'
[ "$(awk '{ if (length > width) width = length } END { print width }' "$work/out")" -le 110 ] || die "wider than 110 columns"
