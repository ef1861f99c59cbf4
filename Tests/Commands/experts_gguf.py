"""Makes a model with experts of a llama model: experts_gguf.py FROM TO COUNT. The network of each layer becomes COUNT experts, whose gates have
their rows in different orders; a row takes two of them, by a router of numbers from a seed."""
import random
import struct
import sys

source, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
data = open(source, "rb").read()
place = 0


def take(format):
    global place
    number, = struct.unpack_from("<" + format, data, place)
    place += struct.calcsize("<" + format)
    return number


def text():
    global place
    length = take("Q")
    place += length
    return data[place - length : place]


def skip(kind):
    """Goes on behind a value."""
    global place
    if kind == 8:
        text()
    elif kind == 9:
        kind, entries = take("I"), take("Q")
        for _ in range(entries):
            skip(kind)
    else:
        place += {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}[kind]


def string(value):
    return struct.pack("<Q", len(value)) + value


assert data[:4] == b"GGUF"
place = 8
tensors, keys = take("Q"), take("Q")
begin, alignment, layers, width = place, 32, 0, 0
for _ in range(keys):
    key = text()
    kind = take("I")
    if key in (b"llama.block_count", b"llama.embedding_length"):
        number, = struct.unpack_from("<I", data, place)
        layers, width = (number, width) if key == b"llama.block_count" else (layers, number)
    skip(kind)
metadata = data[begin:place]
for key, number in ((b"llama.expert_count", count), (b"llama.expert_used_count", 2)):
    metadata += string(key) + struct.pack("<II", 4, number)
entries = [(text(), [take("Q") for _ in range(take("I"))], take("I"), take("Q")) for _ in range(tensors)]
base = place + -place % alignment
ends = sorted(offset for *_, offset in entries) + [len(data) - base]
numbers = random.Random(7)
output = []
for name, dimensions, kind, offset in entries:
    content = data[base + offset : base + ends[ends.index(offset) + 1]]
    stem = name.split(b".")[2] if name.startswith(b"blk.") else b""
    if stem in (b"ffn_gate", b"ffn_up", b"ffn_down"):
        # Behind the last tensor may be what fills up the file; rows are of equal length.
        row = len(content) // dimensions[1]
        content = content[: row * dimensions[1]]
        turned = lambda by: content[by * row :] + content[: by * row]
        content = b"".join(turned(7 * expert if stem == b"ffn_gate" else 0) for expert in range(count))
        name, dimensions = name.replace(stem, stem + b"_exps"), [*dimensions, count]
    output.append((name, dimensions, kind, content))
for layer in range(layers):
    router = struct.pack(f"<{width * count}f", *(numbers.gauss(0, 1 / width**0.5) for _ in range(width * count)))
    output.append((b"blk.%d.ffn_gate_inp.weight" % layer, [width, count], 0, router))
head = b"GGUF" + struct.pack("<IQQ", 3, len(output), keys + 2) + metadata
offset = 0
for name, dimensions, kind, content in output:
    head += string(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, offset)
    offset += len(content) + -len(content) % alignment
with open(target, "wb") as file:
    file.write(head + bytes(-len(head) % alignment))
    for *_, content in output:
        file.write(content + bytes(-len(content) % alignment))
