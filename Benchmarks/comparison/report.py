"""The machine's name, and the table of all rows."""

import os
import re
from pathlib import Path
from statistics import median

# What bears on speed, as Linux names it.
NOTABLE = ["avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8", "asimd", "asimddp", "i8mm"]


def machine():
    """The processor, its cores that this process may use, its instruction sets and the memory."""
    text = Path("/proc/cpuinfo").read_text()
    name = re.search(r"^(?:model name|Model)\s*:\s*(.*)$", text, re.MULTILINE)
    flags = set(re.search(r"^(?:flags|Features)\s*:\s*(.*)$", text, re.MULTILINE).group(1).split())
    total = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text()).group(1)) * 1024
    return {
        "processor": name.group(1) if name else os.uname().machine, "cores": len(os.sched_getaffinity(0)),
        "virtual": "hypervisor" in flags, "memory_bytes": total, "instruction_sets": [f for f in NOTABLE if f in flags],
    }, flags


HEADINGS = [
    "model", "kernels", "threads", "prompt: Shoal", "llama.cpp", "ratio", "decode: Shoal", "llama.cpp", "ratio",
    "of bandwidth: Shoal", "llama.cpp",
]


def cells(row):
    rates, shares = row["medians"], row["decode_bandwidth_share"]
    numbers = [number(rates["shoal"]["prompt"]), number(rates["llamacpp"]["prompt"]), f"{row['prompt_ratio']:.2f}"]
    numbers += [number(rates["shoal"]["decode"]), number(rates["llamacpp"]["decode"]), f"{row['decode_ratio']:.2f}"]
    numbers += [f"{shares['shoal']:.0%}", f"{shares['llamacpp']:.0%}"]
    return [row["model"], row["instruction_set"], str(row["threads"]), *numbers]


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(rows, markdown):
    """Aligned columns, in Markdown with bars."""
    lines = [HEADINGS] + [cells(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]

    def aligned(line):
        parts = [cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in enumerate(zip(line, widths))]
        return f"| {' | '.join(parts)} |" if markdown else "  ".join(parts)

    rule = "| " + " | ".join("-" * width if column < 2 else "-" * (width - 1) + ":" for column, width in enumerate(widths)) + " |"
    text = [aligned(lines[0])] + ([rule] if markdown else []) + [aligned(line) for line in lines[1:]]
    return "\n".join(text)


def introduction(document):
    """What was measured where, in a few sentences."""
    machine, rows = document["machine"], document["rows"]
    threads = sorted({row["threads"] for row in rows})
    bandwidth = ", ".join(
        f"{median(b for row in rows if row['threads'] == count for b in row['read_bandwidth_gb_per_second']):.1f} GB/s"
        f" with {count} thread{'s' if count > 1 else ''}" for count in threads)
    attention = {row["flash_attention"][key] for row in rows for key in ("prompt", "decode")}
    attention = f"flash attention {attention.pop()}" if len(attention) == 1 else "flash attention where it is faster for it"
    prompts = sorted({row["prompt_tokens"] for row in rows})
    decodes = sorted({row["decode_tokens"] for row in rows})
    turns = sorted({len(row["read_bandwidth_gb_per_second"]) for row in rows})

    def joined(values):
        return " or ".join(map(str, values))

    return (
        f"{machine['processor']}{' (virtual machine)' if machine['virtual'] else ''}, {machine['cores']} cores,"
        f" {machine['memory_bytes'] / 2**30:.0f} GiB, {', '.join(machine['instruction_sets'])}; read bandwidth {bandwidth}.\n"
        f"Tokens per second: prompts of {joined(prompts)} tokens, {joined(decodes)} decoded after them; median{'' if turns == [1] else 's'} of {joined(turns)} turn{'' if turns == [1] else 's'} each,"
        f" Shoal and llama.cpp\n(llama-cpp-python {document['llamacpp']}; f16 KV cache; {attention}) alternating.")
