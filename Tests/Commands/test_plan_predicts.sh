# `plan` says what to expect of declared devices that are not there, for people and as JSON, and takes its wishes.
clusters=$here/../../Cluster
expect_exit 0 env XDG_CACHE_HOME="$work/nothing" "$shoal" plan "$model" --cluster "$clusters/pi-laptop-mix.yaml" --objective throughput
expect_text "$work/out" 'predicted .* tokens/s for one stream' 'first token' 'speed not measured: coordinator' 'laptop .*layers'
# Once this device was measured, its own speed is planned with.
expect_exit 0 "$shoal" plan "$model" --cluster "$clusters/pi-laptop-mix.yaml" --objective throughput
! grep -q 'speed not measured' "$work/out" || die "this device's profile is not used: $(cat "$work/out")"
expect_exit 0 "$shoal" plan "$model" --cluster "$clusters/pi-laptop-mix.yaml" --json --objective latency --exclude laptop --streams 3
python3 - "$work/out" <<'PYTHON' || die "not the plan that was asked for: $(cat "$work/out")"
import json, sys

plan = json.load(open(sys.argv[1]))
assert plan["fits"] and plan["exact"] and plan["objective"] == "latency"
layers = [stage["device"] for stage in plan["stages"] if stage["last_layer"] > stage["first_layer"]]
assert layers == ["pi5"], layers
reasons = {unused["device"]: unused["reason"] for unused in plan["unused"]}
assert "excluded" in reasons["laptop"] and "slower by" in reasons["pi4a"], reasons
prediction = plan["prediction"]
assert prediction["streams"] == 3
# A step is its stages and hops, and the coordinator's turn.
parts = sum(stage["step_ms"] + stage["hop_ms"] for stage in plan["stages"])
assert parts < prediction["step_ms"] < parts + 0.1, (parts, prediction)
assert abs(prediction["tokens_per_second"] * prediction["step_ms"] - 1000) < 1e-6
PYTHON
expect_exit 0 "$shoal" plan "$model" --cluster "$clusters/pi5x4.yaml" --codec q8 --max-devices 2 --objective throughput
expect_text "$work/out" 'at most 2 devices may hold layers' '0\.4%'
expect_exit 1 "$shoal" plan "$model" --cluster "$clusters/pi5x4.yaml" --exclude pi9
expect_text "$work/err" 'pi9' 'known are'
expect_exit 2 "$shoal" plan "$model" --objective speed
