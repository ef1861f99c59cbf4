# `inspect --json` is JSON and knows the model: its sizes add up, and what they are of is told.
expect_exit 0 "$shoal" inspect "$model" --json
python3 - "$work/out" "$model" <<'PYTHON'
import json, os, sys

document = json.load(open(sys.argv[1]))
assert document["supported"] is True and document["problems"] == [], document["problems"]
assert document["file_bytes"] == os.path.getsize(sys.argv[2]) == sum(file["bytes"] for file in document["files"])
assert {"key": "general.architecture", "type": "string", "value": "llama"} in document["metadata"]
general = document["general"]
assert (general["architecture"], general["license"], general["size_label"], general["quantization"]) == ("llama", "apache-2.0", "135M", "Q4_1")
# 49,152 rows of 576, 30 layers of 9 heads of 64, 3 of keys and values, and a network of 1,536.
layer = 2 * 576 * 576 + 2 * 576 * 192 + 3 * 576 * 1536 + 2 * 576
weights = document["weights"]
assert weights["parameters"] == weights["active_parameters"] == 49152 * 576 + 30 * layer + 576
assert weights["bytes"] == sum(tensor["bytes"] for tensor in document["tensors"])
assert abs(weights["bits_per_weight"] - weights["bytes"] * 8 / weights["parameters"]) < 1e-9
kinds = {kind["name"]: kind for kind in weights["kinds"]}
assert sorted(kinds) == ["attention", "embedding", "network", "other"], kinds
assert kinds["network"]["parameters"] == 30 * 3 * 576 * 1536 and kinds["network"]["tensors"] == 90
for sums in weights["kinds"], weights["types"], document["layers"]:
    assert sum(one["bytes"] for one in sums) == weights["bytes"] and sum(one["tensors"] for one in sums) == 272
assert [part["part"] for part in document["layers"]] == ["embedding"] + [f"layer {i}" for i in range(30)] + ["head"]
assert all(part["parameters"] == layer for part in document["layers"][1:31])
shape = document["shape"]
assert (shape["layers"], shape["width"], shape["trained_context"], shape["tied_embedding"]) == (30, 576, 8192, True)
[attention] = shape["attention"]
assert (attention["heads"], attention["key_value_heads"], attention["key_size"], len(attention["layers"])) == (9, 3, 64, 30)
assert shape["windows"] == shape["experts"] == shape["scalings"] == shape["undivided_layers"] == []
sizes = {size["type"]: size for size in document["cache"]["sizes"]}
# Keys and values of 3 heads of 64 halves, or of bytes with a scale for every 32.
assert sizes["f16"]["bytes_per_position"] == 30 * 2 * 3 * 64 * 2 and sizes["f16"]["bytes"] == 8192 * 30 * 2 * 3 * 64 * 2
assert sizes["q8_0"]["bytes_per_position"] == 30 * 2 * 3 * (64 + 2 * 2)
tokenizer = document["tokenizer"]
assert (tokenizer["model"], tokenizer["pre_tokenizer"], tokenizer["vocabulary"]) == ("gpt2", "smollm", 49152)
assert tokenizer["warnings"] == [] and {"id": 2, "text": "<|im_end|>"} in tokenizer["end_of_generation"]
assert document["template"]["readable"] is True and document["template"]["takes_tools"] is False
PYTHON
# For people: short, in 100 columns but for the path, and lists only where asked for.
expect_exit 0 "$shoal" inspect "$model"
expect_text "$work/out" '^licence +apache-2\.0' '^parameters +134\.5 M' '^context +8192' '^supported +yes'
[ "$(wc -l <"$work/out")" -lt 40 ] || die "a wall: $(cat "$work/out")"
! grep -v "^file " "$work/out" | grep -qE '^.{101}' || die "wider than 100 columns: $(cat "$work/out")"
! grep -q 'attn_q' "$work/out" || die "tensors without being asked for"
expect_exit 0 "$shoal" inspect "$model" --tensors --metadata
expect_text "$work/out" '^blk\.29\.attn_q\.weight +Q4_1 +576 × 576 +207360' '^llama\.block_count +uint32 +30'
