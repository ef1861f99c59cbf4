"""distributed-llama: a model with random weights in its formats, how its nodes are started, and the rates that they print.

The formats are those that `converter/writer.py`, `convert-hf.py` and `tokenizer-writer.py` of github.com/b4rtaz/distributed-llama write (commit 8d624a7).
"""

import random
import re
import struct

from . import Failure

# tinyllama-1.1b.
LAYERS, WIDTH, HIDDEN, HEADS, KEY_VALUE_HEADS, VOCABULARY, CONTEXT = 22, 2048, 5632, 32, 4, 32_000, 2048
MODEL_MAGIC, TOKENIZER_MAGIC = 0xA00ABCD, 0x567124
LLAMA, SILU, Q40 = 0xABCD00, 1, 2
# The first of the two special tokens, which are the last of the vocabulary; all before them are words.
BEGIN = VOCABULARY - 2
# A block of Q40: a scale in f16, then two codes of four bits in each of 16 bytes.
BLOCK_WEIGHTS, BLOCK_BYTES = 32, 18
# Keeps the sums over a row about as large as what goes in.
SCALE = struct.pack("<e", 0.005)
# The upper byte of an f32 of either sign between 2^-7 and 2^-5.
UPPER_BYTES = bytes(0x3C | byte & 0x80 for byte in range(256))
# What is made at a time: blocks, or numbers.
CHUNK = 1 << 16


class DistributedLlama:
    """The program in `folder`, where `make dllama` built it; its model is made once in the folder `models`."""

    def __init__(self, folder, models):
        self.program = folder / "dllama"
        self.model, self.tokenizer = models / "tinyllama-1.1b.q40.m", models / "tinyllama-1.1b.t"

    def prepare(self):
        if not self.program.exists():
            raise Failure(f"{self.program} is not there: build it with 'make dllama' in a clone of github.com/b4rtaz/distributed-llama")
        self.model.parent.mkdir(parents=True, exist_ok=True)
        for path, write in ((self.model, write_model), (self.tokenizer, write_tokenizer)):
            if not path.exists():
                partial = path.with_suffix(".partial")
                with open(partial, "wb") as file:
                    write(file)
                partial.rename(path)
        return self

    def worker(self, host, port):
        """A node of one thread that waits for the root. It ends when someone connects who is none; what it says is not kept back."""
        return ["stdbuf", "-oL", self.program, "worker", "--host", host, "--port", port, "--nthreads", "1"]

    def root(self, prompt, generated, workers):
        """The node of one thread that is given the prompt, as identifiers of tokens. `workers` are its other nodes' endpoints."""
        return [
            self.program, "inference", "--model", self.model, "--tokenizer", self.tokenizer, "--buffer-float-type", "q80", "--nthreads", "1",
            "--temperature", "0", "--prompt", "".join(map(word, prompt)), "--steps", len(prompt) + generated,
            "--workers", *workers]


def rates(output, prompt, generated):
    """Tokens per second of the prompt and of decoding, as the root prints them for the counts of tokens that are given."""
    figures = {}
    for key, title, tokens in (("prompt", "Evaluation", prompt), ("decode", "Prediction", generated)):
        found = re.search(title + r"\n(?:.*\n)??\s*nTokens: (\d+)\n\s*tokens/s: ([\d.]+)", output)
        if not found or int(found[1]) != tokens:
            raise Failure(f"distributed-llama does not tell the rate of {tokens} tokens ({title}):\n{output[-1000:]}")
        figures[f"{key}_tokens_per_second"] = float(found[2])
    return figures


def word(token):
    """All words are equally long, so that a text is cut into them alone and no two make a third."""
    return f"{token:05}"


def header(magic, *pairs):
    """Its own size counts the magic number and itself."""
    numbers = [number for pair in pairs for number in pair]
    return struct.pack(f"<{2 + len(numbers)}i", magic, 4 * (2 + len(numbers)), *numbers)


def write_model(file):
    """Seeded. Every byte of the codes is random, every scale the same, norms are ones; the order is that of a conversion."""
    source = random.Random(7)
    file.write(header(
        MODEL_MAGIC, (0, 0), (1, LLAMA), (2, WIDTH), (3, HIDDEN), (4, LAYERS), (5, HEADS), (6, KEY_VALUE_HEADS), (7, 0), (8, 0),
        (9, VOCABULARY), (10, CONTEXT), (11, SILU), (12, 10_000), (13, Q40)))
    norm = struct.pack(f"<{WIDTH}f", *[1] * WIDTH)
    key_values = WIDTH // HEADS * KEY_VALUE_HEADS
    write_numbers(file, source, VOCABULARY * WIDTH)
    for _ in range(LAYERS):
        # Queries, keys, values, output; gate, down, up.
        for rows, columns in ((WIDTH, WIDTH), (key_values, WIDTH), (key_values, WIDTH), (WIDTH, WIDTH), (HIDDEN, WIDTH), (WIDTH, HIDDEN), (HIDDEN, WIDTH)):
            write_blocks(file, source, rows * columns // BLOCK_WEIGHTS)
        file.write(norm * 2)
    file.write(norm)
    write_blocks(file, source, VOCABULARY * WIDTH // BLOCK_WEIGHTS)


def write_numbers(file, source, count):
    """Numbers of f32."""
    for part in parts(count):
        data = bytearray(source.randbytes(4 * part))
        data[3::4] = data[3::4].translate(UPPER_BYTES)
        file.write(data)


def write_blocks(file, source, count):
    """Blocks of Q40."""
    for part in parts(count):
        data = bytearray(source.randbytes(BLOCK_BYTES * part))
        for position, byte in enumerate(SCALE):
            data[position::BLOCK_BYTES] = bytes([byte]) * part
        file.write(data)


def parts(count):
    return (min(CHUNK, count - begin) for begin in range(0, count, CHUNK))


def write_tokenizer(file):
    """A word for every token, then the special ones. The first of these stands before every prompt; the root predicts from the prompt's last
    token, so that as many tokens are evaluated as the prompt has words."""
    words = [word(token) for token in range(BEGIN)] + ["<s>", "</s>"]
    file.write(header(
        TOKENIZER_MAGIC, (0, 1), (1, VOCABULARY), (2, max(map(len, words))), (3, BEGIN), (9, 1), (10, 1)))
    file.write(struct.pack("<i", BEGIN + 1))
    for text in words:
        file.write(struct.pack("<fI", 0, len(text)) + text.encode())
