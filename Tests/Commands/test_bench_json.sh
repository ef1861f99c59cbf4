# `bench --json` has the keys that scripts read, and figures that fit together.
expect_exit 0 "$shoal" bench "$model" --threads 1 --prompt-tokens 16 --generate-tokens 4 --repetitions 2 --json
python3 - "$work/out" <<'PYTHON'
import json, sys

figures = json.load(open(sys.argv[1]))
for key in ("prompt_tokens_per_second", "decode_tokens_per_second", "read_bandwidth_gb_per_second", "bytes_per_token",
            "decode_bandwidth_share"):
    assert figures[key] > 0, key
share = figures["decode_tokens_per_second"] * figures["bytes_per_token"] / (figures["read_bandwidth_gb_per_second"] * 1e9)
assert abs(share - figures["decode_bandwidth_share"]) < 1e-6 * share, share
# The weights, and 18.5 positions of 30 layers with 3 heads of 64 elements, keys and values of two bytes.
assert figures["cache_bytes_per_token"] == 30 * 3 * 64 * 2 * 2 * 37 // 2
assert figures["bytes_per_token"] > 70e6 + figures["cache_bytes_per_token"]
assert figures["threads"] == 1 and figures["prompt_tokens"] == 16 and figures["generate_tokens"] == 4
PYTHON
expect_exit 2 "$shoal" bench "$model" --threads 0
expect_exit 0 "$shoal" bench "$model" --threads 2 --pin-threads --prompt-tokens 4 --generate-tokens 2 --repetitions 1 --json
