# What is not supported is told with the reason, and is no failure of `inspect`.
problems() {
    expect_exit 0 "$shoal" inspect "$work/it.gguf"
    cp "$work/out" "$work/text"
    expect_exit 0 "$shoal" inspect "$work/it.gguf" --json
    python3 - "$work/out" "$@" <<'PYTHON'
import json, re, sys

document, supported, subjects = json.load(open(sys.argv[1])), sys.argv[2] == "yes", sys.argv[3].split()
assert document["supported"] is supported, document["problems"]
assert [problem["about"] for problem in document["problems"]] == subjects, document["problems"]
for pattern in sys.argv[4:]:
    assert any(re.search(pattern, problem["message"]) for problem in document["problems"]), (pattern, document["problems"])
# What can be told all the same.
if subjects == ["tensors"]:
    assert document["weights"]["parameters"] == 134515008 and document["shape"]["trained_context"] == 8192
PYTHON
}
edited() { python3 "$here/edit_gguf.py" "$model" "$work/it.gguf" "$@"; }
edited architecture mamba
problems no architecture 'mamba.*not supported.*llama'
expect_text "$work/text" '^supported +no' 'architecture mamba' '^parameters +134\.5 M' '^tokenizer .*smollm'
edited type blk.3.attn_norm.weight 26
problems no tensors 'a tensor is of type I32.*blk\.3\.attn_norm\.weight.*Q4_K'
edited rename blk.7.attn_q.weight blk.7.attn_X.weight
problems no tensors 'blk\.7\.attn_q\.weight is missing'
edited metadata
problems no content 'vocabulary-only.*whole model'
expect_text "$work/text" '^weights +none' '^tokenizer .*49152 tokens'
# Chats alone are not answered.
edited template '{% if messages %}'
problems yes template 'chat template cannot be read: line 1: '
expect_text "$work/text" '^supported +yes, but' '^chats +no'
edited template '{% if tools %}{{ tools | tojson }}{% endif %}'
problems yes ''
expect_text "$work/text" '^chats .*takes tools'
# An unknown way to cut texts: the name is as long as the one that is there.
python3 - "$model" "$work/it.gguf" <<'PYTHON'
import sys

data = open(sys.argv[1], "rb").read()
place = data.index(b"tokenizer.ggml.pre")
open(sys.argv[2], "wb").write(data[:place] + data[place:].replace(b"smollm", b"nobody", 1))
PYTHON
problems no tokenizer 'the pre-tokenizer nobody .*not known'
