"""A tiny llama model: its weights as a GGUF file, shards of it, and its forward pass, as PROTOCOL.md tells them. Plain Python."""
import array
import hashlib
import math
import random
import struct

ALIGNMENT = 32
STRING, UINT32, FLOAT32 = 8, 4, 6


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def write_gguf(metadata, tensors):
    """A GGUF of version 3. `tensors`: name -> (dimensions, array of floats)."""
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        form = STRING if isinstance(value, str) else FLOAT32 if isinstance(value, float) else UINT32
        coded = text(value) if form == STRING else struct.pack("<f" if form == FLOAT32 else "<I", value)
        out += text(key) + struct.pack("<I", form) + coded
    place, data = 0, b""
    for name, (dimensions, values) in tensors.items():
        out += text(name) + struct.pack("<I", len(dimensions)) + struct.pack(f"<{len(dimensions)}Q", *dimensions)
        out += struct.pack("<IQ", 0, place)
        coded = values.tobytes()
        data += coded + bytes(-len(coded) % ALIGNMENT)
        place = len(data)
    return out + bytes(-len(out) % ALIGNMENT) + data


def read_gguf(data):
    """(metadata, name -> (dimensions, floats)) of a GGUF whose tensors are f32."""
    place = 0

    def take(form):
        nonlocal place
        values = struct.unpack_from("<" + form, data, place)
        place += struct.calcsize("<" + form)
        return values[0]

    def string():
        nonlocal place
        size = take("Q")
        place += size
        return data[place - size : place].decode()

    def value(kind):
        if kind == STRING:
            return string()
        if kind == 9:
            of, count = take("I"), take("Q")
            return [value(of) for _ in range(count)]
        return take({0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}[kind])

    assert data[:4] == b"GGUF"
    place = 4
    assert take("I") == 3
    tensor_count, key_count = take("Q"), take("Q")
    metadata = {}
    for _ in range(key_count):
        key = string()
        metadata[key] = value(take("I"))
    entries = []
    for _ in range(tensor_count):
        name = string()
        dimensions = [take("Q") for _ in range(take("I"))]
        entries.append((name, dimensions, take("I"), take("Q")))
    base = place + -place % metadata.get("general.alignment", ALIGNMENT)
    tensors = {}
    for name, dimensions, kind, offset in entries:
        assert kind == 0, f"{name} has type {kind}: only f32 is read here"
        count = math.prod(dimensions)
        tensors[name] = (dimensions, array.array("f", data[base + offset : base + offset + 4 * count]))
    return metadata, tensors


LAYERS, WIDTH, INNER, HEADS, KEY_VALUE_HEADS, VOCABULARY, CONTEXT = 3, 32, 48, 4, 2, 40, 256
METADATA = {
    "general.architecture": "llama", "general.name": "conformance", "llama.block_count": LAYERS, "llama.context_length": CONTEXT,
    "llama.embedding_length": WIDTH, "llama.feed_forward_length": INNER, "llama.attention.head_count": HEADS,
    "llama.attention.head_count_kv": KEY_VALUE_HEADS, "llama.rope.dimension_count": WIDTH // HEADS,
    "llama.rope.freq_base": 500.0, "llama.attention.layer_norm_rms_epsilon": 1e-5, "llama.vocab_size": VOCABULARY,
}


def make_tensors(seed=1):
    """All tensors of the model, in parts: "embedding", a layer's number, "head", "configuration"."""
    numbers = random.Random(seed)

    def matrix(columns, rows):
        deviation = 1.2 / math.sqrt(columns)
        return [columns, rows], array.array("f", [numbers.gauss(0, deviation) for _ in range(columns * rows)])

    def vector(count, low=0.8, high=1.2):
        return [count], array.array("f", [numbers.uniform(low, high) for _ in range(count)])

    key_width = WIDTH // HEADS * KEY_VALUE_HEADS
    parts = {"embedding": {"token_embd.weight": matrix(WIDTH, VOCABULARY)}}
    for layer in range(LAYERS):
        parts[layer] = {
            f"blk.{layer}.{name}": tensor
            for name, tensor in {
                "attn_norm.weight": vector(WIDTH), "attn_q.weight": matrix(WIDTH, WIDTH), "attn_k.weight": matrix(WIDTH, key_width),
                "attn_v.weight": matrix(WIDTH, key_width), "attn_output.weight": matrix(WIDTH, WIDTH),
                "attn_q.bias": vector(WIDTH, -0.1, 0.1), "ffn_norm.weight": vector(WIDTH), "ffn_gate.weight": matrix(WIDTH, INNER),
                "ffn_up.weight": matrix(WIDTH, INNER), "ffn_down.weight": matrix(INNER, WIDTH),
            }.items()
        }
    parts["head"] = {"output_norm.weight": vector(WIDTH), "output.weight": matrix(WIDTH, VOCABULARY)}
    parts["configuration"] = {"rope_freqs.weight": vector(WIDTH // HEADS // 2, 1.0, 4.0)}
    return parts


def whole_model():
    """The bytes of the model's file."""
    return write_gguf(METADATA, {name: tensor for part in make_tensors().values() for name, tensor in part.items()})


class Shards:
    """The model's shards as a coordinator makes them: the bytes of each part, by its id."""

    def __init__(self):
        self.parts = {
            part: write_gguf(METADATA if part == "configuration" else {"general.architecture": "llama"}, tensors)
            for part, tensors in make_tensors().items()
        }
        self.ids = {part: hashlib.sha256(data).digest() for part, data in self.parts.items()}

    def of(self, *parts):
        """The ids of a stage's shards: the configuration shard first."""
        return [self.ids[part] for part in ("configuration", *parts)]


class Sequence:
    """What a stage keeps of a sequence: for each layer the keys and values of each position."""

    def __init__(self, layers):
        self.length, self.trims, self.cache = 0, 0, {layer: [] for layer in layers}

    def fork(self, positions):
        other = Sequence(self.cache)
        other.length = positions
        other.cache = {layer: list(rows[:positions]) for layer, rows in self.cache.items()}
        return other

    def trim(self, positions):
        self.length, self.trims = positions, self.trims + 1
        self.cache = {layer: rows[:positions] for layer, rows in self.cache.items()}


class Model:
    """A stage's part of the model, from its shards or the whole file."""

    def __init__(self, files):
        self.metadata, self.tensors = {}, {}
        for data in files:
            metadata, tensors = read_gguf(data)
            self.metadata = self.metadata or metadata
            self.tensors.update(tensors)

        def key(name, default=None):
            return self.metadata.get("llama." + name, default)

        self.layers, self.width, self.heads = key("block_count"), key("embedding_length"), key("attention.head_count")
        self.key_value_heads = key("attention.head_count_kv", self.heads)
        self.key_size = key("attention.key_length", self.width // self.heads)
        self.value_size = key("attention.value_length", self.key_size)
        self.epsilon = key("attention.layer_norm_rms_epsilon")
        self.rotated = key("rope.dimension_count", self.key_size)
        factors = self.tensors.get("rope_freqs.weight", (None, [1.0] * (self.rotated // 2)))[1]
        scaling = key("rope.scaling.factor", key("rope.scale_linear", 0.0)) or 1.0
        if key("rope.scaling.type", "linear") == "none":
            scaling = 1.0
        base = key("rope.freq_base", 10000.0)
        self.frequencies = [base ** (-2 * j / self.rotated) / (factors[j] * scaling) for j in range(self.rotated // 2)]

    def product(self, name, row):
        (columns, rows), weights = self.tensors[name + ".weight"]
        out = [sum(map(float.__mul__, weights[r * columns : (r + 1) * columns].tolist(), row)) for r in range(rows)]
        bias = self.tensors.get(name + ".bias")
        return [a + b for a, b in zip(out, bias[1])] if bias else out

    def norm(self, name, row):
        scale = 1 / math.sqrt(sum(x * x for x in row) / len(row) + self.epsilon)
        return [x * scale * w for x, w in zip(row, self.tensors[name][1])]

    def rotate(self, heads, size, row, position):
        for head in range(heads):
            for j, frequency in enumerate(self.frequencies):
                angle, at = position * frequency, head * size + 2 * j
                a, b = row[at], row[at + 1]
                row[at] = a * math.cos(angle) - b * math.sin(angle)
                row[at + 1] = a * math.sin(angle) + b * math.cos(angle)
        return row

    def embed(self, token):
        (columns, _), values = self.tensors["token_embd.weight"]
        return values[token * columns : (token + 1) * columns].tolist()

    def layer(self, number, row, sequence, position):
        """One row through a layer, which keeps its key and value in the sequence's cache."""
        name = f"blk.{number}."
        normed = self.norm(name + "attn_norm.weight", row)
        queries = self.rotate(self.heads, self.key_size, self.product(name + "attn_q", normed), position)
        keys = self.rotate(self.key_value_heads, self.key_size, self.product(name + "attn_k", normed), position)
        # A replay computes again what is there already.
        kept = sequence.cache[number]
        kept[position : position + 1] = [(keys, self.product(name + "attn_v", normed))]
        cache = kept[: position + 1]
        attended = []
        for head in range(self.heads):
            shared = head // (self.heads // self.key_value_heads)
            query = queries[head * self.key_size : (head + 1) * self.key_size]
            scores = [
                sum(map(float.__mul__, query, keys[shared * self.key_size : (shared + 1) * self.key_size])) / math.sqrt(self.key_size)
                for keys, _ in cache
            ]
            weights = [math.exp(score - max(scores)) for score in scores]
            total = sum(weights)
            for i in range(shared * self.value_size, (shared + 1) * self.value_size):
                attended.append(sum(weight * values[i] for weight, (_, values) in zip(weights, cache)) / total)
        row = [a + b for a, b in zip(row, self.product(name + "attn_output", attended))]
        normed = self.norm(name + "ffn_norm.weight", row)
        gates, ups = self.product(name + "ffn_gate", normed), self.product(name + "ffn_up", normed)
        gated = [g / (1 + math.exp(-g)) * u for g, u in zip(gates, ups)]
        return [a + b for a, b in zip(row, self.product(name + "ffn_down", gated))]

    def head(self, row):
        return self.product("output" if "output.weight" in self.tensors else "token_embd", self.norm("output_norm.weight", row))


def logits(model, tokens):
    """The logits of every position of a new sequence."""
    sequence, out = Sequence(range(model.layers)), []
    for position, token in enumerate(tokens):
        row = model.embed(token)
        for layer in range(model.layers):
            row = model.layer(layer, row, sequence, position)
        out.append(model.head(row))
    return out
