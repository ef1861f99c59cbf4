# `synth` writes a model of the shape asked for, the same for the same seed, that can be computed.
expect_exit 0 "$shoal" synth --shape tinyllama-1.1b --type Q4_0 "$work/one.gguf"
expect_exit 0 "$shoal" inspect "$work/one.gguf" --json
python3 - "$work/out" <<'PYTHON'
import json, sys

document = json.load(open(sys.argv[1]))
shapes = {tensor["name"]: (tensor["type"], tensor["dimensions"]) for tensor in document["tensors"]}
assert shapes["blk.21.ffn_down.weight"] == ("Q4_0", [5632, 2048]), shapes["blk.21.ffn_down.weight"]
assert shapes["blk.0.attn_k.weight"] == ("Q4_0", [2048, 256]) and "blk.22.attn_k.weight" not in shapes
assert shapes["output.weight"] == ("Q6_K", [2048, 32000]) and shapes["output_norm.weight"] == ("F32", [2048])
PYTHON
echo '[75, 104, 111, 35]' >"$work/tokens.json"
expect_exit 0 "$shoal" logits "$work/one.gguf" --tokens "$work/tokens.json" --output "$work/logits.f32"
# Random weights, but numbers as a model's: neither zero nor beyond all bounds.
python3 - "$work/logits.f32" <<'PYTHON'
import array, statistics, sys

logits = array.array("f", open(sys.argv[1], "rb").read())
assert len(logits) == 4 * 32000 and 0.2 < statistics.pstdev(logits) < 5, statistics.pstdev(logits)
PYTHON
cp "$work/one.gguf" "$work/first.gguf"
expect_exit 0 "$shoal" synth --shape tinyllama-1.1b --type Q4_0 "$work/one.gguf"
cmp "$work/one.gguf" "$work/first.gguf"
rm -f "$work"/*.gguf
# Without weights it is as long and takes nothing of the disk, and plans are the same.
expect_exit 0 "$shoal" synth --shape tinyllama-1.1b --type Q4_0 "$work/weights.gguf"
expect_exit 0 "$shoal" synth --shape tinyllama-1.1b --type Q4_0 --no-weights "$work/none.gguf"
[ "$(stat -c %s "$work/weights.gguf")" = "$(stat -c %s "$work/none.gguf")" ]
[ "$(du -k "$work/none.gguf" | cut -f 1)" -lt 10000 ]
for model in weights none; do
    expect_exit 0 "$shoal" plan "$work/$model.gguf" --cluster Cluster/pi5x4.yaml --json
    python3 -c 'import json, sys; print([(s["device"], s["first_layer"], s["last_layer"], s["weight_bytes"]) for s in json.load(sys.stdin)["stages"]])' \
        <"$work/out" >"$work/$model.stages"
done
cmp "$work/weights.stages" "$work/none.stages"
rm -f "$work"/*.gguf
# Types of every kind give numbers as a model's too.
for type in q5_1 Q2_K Q3_K Q5_K IQ4_NL IQ4_XS MXFP4 BF16; do
    expect_exit 0 "$shoal" synth --shape tinyllama-1.1b --layers 1 --type $type "$work/one.gguf"
    expect_exit 0 "$shoal" logits "$work/one.gguf" --tokens "$work/tokens.json" --output "$work/logits.f32"
    python3 - "$work/logits.f32" <<'PYTHON'
import array, statistics, sys

logits = array.array("f", open(sys.argv[1], "rb").read())
assert 0.9 < statistics.pstdev(logits) < 1.1 and abs(statistics.fmean(logits)) < 0.1, statistics.pstdev(logits)
PYTHON
done
# A mixture of experts, under llama.cpp's names: it can be inspected and computed.
expect_exit 0 "$shoal" synth --shape qwen3-30b-a3b --layers 1 --type Q4_0 "$work/one.gguf"
expect_exit 0 "$shoal" inspect "$work/one.gguf" --json
python3 - "$work/out" <<'PYTHON'
import json, sys

document = json.load(open(sys.argv[1]))
shapes = {tensor["name"]: (tensor["type"], tensor["dimensions"]) for tensor in document["tensors"]}
assert shapes["blk.0.ffn_down_exps.weight"] == ("Q4_0", [768, 2048, 128]) and "blk.0.ffn_down.weight" not in shapes
assert shapes["blk.0.ffn_gate_inp.weight"] == ("F32", [2048, 128]) and shapes["blk.0.attn_q_norm.weight"] == ("F32", [128])
assert shapes["blk.0.attn_output.weight"] == ("Q4_0", [4096, 2048])
PYTHON
expect_exit 0 "$shoal" bench "$work/one.gguf" --no-packed-cache --prompt-tokens 8 --generate-tokens 2 --repetitions 1
# Llama 3.2 has its output matrix in the embedding, and factors that stretch long waves.
expect_exit 0 "$shoal" synth --shape llama3.2-1b --layers 1 --type Q4_0 "$work/one.gguf"
expect_exit 0 "$shoal" logits "$work/one.gguf" --tokens "$work/tokens.json" --output "$work/logits.f32"
python3 - "$work/one.gguf" <<'PYTHON'
import struct, sys

with open(sys.argv[1], "rb") as file:
    data = file.read(16 << 20)
name = struct.pack("<Q", 17) + b"rope_freqs.weight"
assert b"output.weight" not in data.replace(b"attn_output.weight", b"") and data.count(name) == 1
PYTHON
rm -f "$work"/*.gguf
expect_exit 2 "$shoal" synth --shape tinyllama-1.1b --layers 23 --type Q4_0 "$work/two.gguf"
expect_exit 2 "$shoal" synth --shape gpt-7 --type Q4_0 "$work/two.gguf"
expect_exit 1 "$shoal" synth --shape tinyllama-1.1b --type Q4_0 "$work/no folder/two.gguf"
expect_text "$work/err" 'no folder'
# Every shape is known by its name, and how many layers it has.
for shape in mistral-7b:32 mixtral-8x7b:32 qwen3-0.6b:28 qwen3-4b:36 qwen3-8b:36 qwen3-30b-a3b:48 gemma3-1b:26 gemma3-4b:34 phi3-mini:32 gpt-oss-20b:24; do
    expect_exit 2 "$shoal" synth --shape "${shape%:*}" --layers 99 --type Q4_0 "$work/two.gguf"
    expect_text "$work/err" "takes 1 to ${shape#*:}, not 99"
done
