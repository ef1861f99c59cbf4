"""Cycles of loops by llvm-mca, and what comes of them."""

import re
import subprocess

from comparison import Failure

from . import TYPES

ITERATIONS = 200
ROWS, RUN = 16, 32  # of a panel, columns of a run
# Multiply-adds of an instruction (of x86-64, of a register of 16 bytes).
ARM = {"sdot": 16, "smmla": 32, "smull": 8, "smull2": 8, "smlal": 8, "smlal2": 8}
X86 = {"vpmaddubsw": 16, "vpdpbusd": 16}
JUMPS = re.compile(r"(b|b\.\w+|cbn?z|tbn?z|bl|ret\w*|j\w+|call\w*)\s")


def multiply_adds(instruction, arch):
    operation = instruction.replace("{vex}", "").split()[0]
    if arch == "aarch64":
        return ARM.get(operation.split(".")[0], 0)
    width = 4 if "%zmm" in instruction else 2 if "%ymm" in instruction else 1
    return X86.get(operation, 0) * width


def macs(block, arch):
    return sum(multiply_adds(instruction, arch) for instruction in block)


def cycles(mca, arch, cpu, block):
    """Cycles of a block that is repeated; jumps are left out."""
    code = "\n".join(instruction for instruction in block if not JUMPS.match(instruction + " "))
    command = [mca, f"-mtriple={arch}-linux-gnu", f"-mcpu={cpu}", f"-iterations={ITERATIONS}"]
    result = subprocess.run(command, input=code + "\n", capture_output=True, text=True)
    total = re.search(r"Total Cycles:\s+(\d+)", result.stdout)
    if result.returncode != 0 or total is None or "not a recognized processor" in result.stderr:
        raise Failure(f"{mca} has no figures for {cpu}: {result.stderr.strip()[:500]}")
    return int(total[1]) / ITERATIONS


def busiest(blocks, weight):
    return max(blocks, key=weight)


def measure(mca, arch, cpu, kernels, type, tokens):
    """Of one type: multiply-adds a cycle of a tile's loop, and with the unpacking that `tokens` tokens share; bytes a cycle of decoding."""
    name = TYPES[type]
    count = lambda block: macs(block, arch)
    tile = busiest(kernels.functions[f"loop_tile_{name}"], count)
    decode = kernels.functions[f"loop_decode_{name}"]
    # The loop over the runs: blocks with products, which compilers may divide.
    decode = [instruction for block in decode for instruction in block if count(block) > 0]
    unpack = busiest(kernels.functions[f"loop_unpack_{name}"], len)
    tile_rows, tile_tokens = kernels.numbers["loop_tile_rows"], kernels.numbers["loop_tile_tokens"]
    runs = count(tile) / (RUN * tile_rows * tile_tokens)
    decoded = count(decode) / (RUN * ROWS)
    if runs < 1 or decoded < 1:
        raise Failure(f"the loops of {type} were not found in the compiled code")
    tile_cycles = cycles(mca, arch, cpu, tile)
    one_run = tile_cycles / runs * (ROWS / tile_rows) / tile_tokens  # of one token and all rows
    with_unpacking = one_run + cycles(mca, arch, cpu, unpack) / tokens
    return {
        "tile_macs_per_cycle": count(tile) / tile_cycles,
        "prompt_macs_per_cycle": RUN * ROWS / with_unpacking,
        "decoding_bytes_per_cycle": decoded * kernels.numbers[f"loop_bytes_{name}"] / cycles(mca, arch, cpu, decode),
    }
