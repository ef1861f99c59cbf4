# `worker --profile` measures this device, prints and keeps what it found; a worker of the same folder has it from the start.
expect_exit 0 "$shoal" worker --profile --json --threads 1 --name lap --data-dir "$work/data"
cp "$work/out" "$work/profile.json"
python3 - "$work/profile.json" <<'PYTHON'
import json, sys

document = json.load(open(sys.argv[1]))
profile = document["profile"]
assert document["name"] == "lap" and document["cores"] >= 1 and document["memory_budget_bytes"] > 0
assert profile["threads"] == 1 and profile["instruction_set"] and profile["measured_at"] > 1_700_000_000
assert profile["read_bytes_per_second"] > 0 and profile.get("disk_bytes_per_second", 1) > 0
rates = {(product["type"], product["rows"]): product["bytes_per_second"] for product in profile["products"]}
assert len(rates) == len(profile["products"]) and min(rates.values()) > 0
assert {("Q4_0", rows) for rows in (1, 4, 16, 64)} <= rates.keys(), rates
PYTHON
port=$(free_ports 1)
start worker "$shoal" worker --listen "127.0.0.1:$port" --threads 1 --name lap --data-dir "$work/data" --insecure
wait_for_port "$port"
expect_exit 0 "$shoal" devices --insecure --json --worker "127.0.0.1:$port"
python3 - "$work/profile.json" "$work/out" <<'PYTHON'
import json, sys

measured, shown = (json.load(open(name)) for name in sys.argv[1:])
assert shown["devices"][0]["profile"] == measured["profile"]
PYTHON
expect_exit 2 "$shoal" worker --json
expect_text "$work/err" '\-\-profile'
