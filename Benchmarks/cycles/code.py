"""A kernel file compiled so that each loop of interest is a function of its own."""

import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from comparison import Failure

from . import KERNELS, TYPES

ARM_HEADERS = Path("/usr/aarch64-linux-gnu/include")
TARGETS = {
    "dotprod.c": "dotprod", "neon.c": "", "i8mm.c": "dotprod,i8mm", "avx2.c": "avx2,fma,f16c", "avxvnni.c": "avx2,fma,f16c,avxvnni",
    "avx512.c": "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni",
}

# The loops of a type: a tile of tokens with a slice of a panel, the unpacking of a run, the decoding of two panels.
LOOPS = """
void loop_tile_{name}(const struct unpacked_run *runs, int count, const struct shoal_activation_block *x, size_t blocks, vec *products) {{
    add_slice(layout_{name}, TOKEN_TILE, runs, count, 0, x, blocks, products);
}}
void loop_unpack_{name}(const uint8_t *panel, struct unpacked_run *out, int count) {{
    for (int i = 0; i < count; i++) unpack_run(layout_{name}, panel + i * layout_bytes(layout_{name}), 0, out + i);
}}
void loop_decode_{name}(const uint8_t *weights, size_t panel_bytes, size_t blocks, const struct shoal_activation_block *x, vec *sums) {{
    {decode}(layout_{name}, 2, {one}READING_TWO_STREAMS, weights, panel_bytes, blocks, x, sums);
}}
int loop_bytes_{name}(void) {{ return layout_bytes(layout_{name}) / layout_runs(layout_{name}); }}
"""


@dataclass
class Kernels:
    """Instructions of each basic block, function by function, and numbers by name."""

    functions: dict
    numbers: dict


def wrapper(source, types):
    decodes = "DECODE_TILE" in source.read_text()
    names = {"decode": "decode_tile" if decodes else "tile", "one": "" if decodes else "1, "}
    target = TARGETS[source.name]
    push = f'#pragma clang attribute push(__attribute__((target("{target}"))), apply_to = function)\n' if target else ""
    return (
        f'#include "{source.resolve()}"\n{push}'
        + "int loop_tile_tokens(void) { return TOKEN_TILE; }\nint loop_tile_rows(void) { return SLICE; }\n"
        + "".join(LOOPS.format(name=TYPES[type], **names) for type in types)
        + ("#pragma clang attribute pop\n" if target else ""))


def compile_kernels(clang, source, arch, types, folder):
    """Raises Failure where the headers of the other architecture are missing, or clang refuses the code."""
    code, assembly = folder / f"loops-{source.name}", folder / f"loops-{source.name}.s"
    code.write_text(wrapper(source, types))
    command = [clang, f"--target={arch}-linux-gnu", "-std=gnu17", "-O2", "-w", "-fno-asynchronous-unwind-tables", "-S", "-o", assembly]
    command += [f"-I{source.resolve().parent}", f"-I{KERNELS}", f"-I{KERNELS / 'include'}", code]
    if platform.machine() != arch and arch == "aarch64":
        if not ARM_HEADERS.exists():
            raise Failure(f"{ARM_HEADERS} is missing; install it with: apt-get install -y libc6-dev-arm64-cross")
        command.insert(1, f"-I{ARM_HEADERS}")
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise Failure(f"{clang} does not compile {source}:\n{result.stderr}")
    return parse(assembly.read_text())


def parse(assembly):
    functions, numbers, name, blocks = {}, {}, None, None
    for line in assembly.splitlines():
        text = re.split(r"\s(?://|# )", line, maxsplit=1)[0].strip()
        if label := re.fullmatch(r"(\.?[A-Za-z_][\w.]*):", text):
            if label[1].startswith(".L"):
                if blocks is not None and label[1].startswith(".LBB"):
                    blocks.append([])
            else:
                name, blocks = label[1], [[]]
                functions[name] = blocks
        elif text and not text.startswith((".", "/", "#")) and blocks is not None:
            blocks[-1].append(text)
            # What a function returns that does nothing else.
            if number := re.fullmatch(r"movl?\s+(?:w0, #|\$)(\d+)(?:, %eax)?", text):
                numbers.setdefault(name, int(number[1]))
    return Kernels(functions, numbers)
