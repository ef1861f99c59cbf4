# Files that are well-formed and hold no model are refused before anything is planned, with what they are and what to give instead.
write() {
    python3 - "$@" <<'PYTHON'
import struct, sys

# A header with texts, and one tensor of one number where it is named.
path, tensor, *entries = sys.argv[1:]


def string(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


data = struct.pack("<IIQQ", 0x46554747, 3, bool(tensor), len(entries))
for entry in entries:
    key, value = entry.split("=", 1)
    data += string(key) + struct.pack("<I", 8) + string(value)
if tensor:
    data += string(tensor) + struct.pack("<IQIQ", 1, 1, 0, 0)
    data += bytes(-len(data) % 32) + struct.pack("<f", 1)
open(path, "wb").write(data)
PYTHON
}
refused() {
    local command
    for command in "plan --cluster $here/../../Cluster/loopback3.yaml" "generate --prompt Hi" "serve --insecure"; do
        read -r name rest <<<"$command"
        # shellcheck disable=SC2086
        expect_exit 1 "$shoal" "$name" "$work/it.gguf" $rest
        expect_text "$work/err" "it\.gguf: .*$1" "$2"
    done
    # What is in it can be looked at.
    expect_exit 0 "$shoal" inspect "$work/it.gguf"
}
write "$work/it.gguf" blk.0.attn_q.weight.lora_a general.architecture=llama general.type=adapter adapter.type=lora
refused 'is an adapter' 'give the model itself'
write "$work/it.gguf" v.patch_embd.weight general.architecture=clip general.type=mmproj
refused 'mmproj' "language model's own file"
write "$work/it.gguf" blk.0.attn_q.weight.in_sum2 general.type=imatrix
refused 'importance matrix' 'give the quantized model'
write "$work/it.gguf" '' general.architecture=llama tokenizer.ggml.model=gpt2
refused 'vocabulary-only' 'give the file of the whole model'
