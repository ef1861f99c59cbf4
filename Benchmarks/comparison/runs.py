"""Measurements: Shoal and llama.cpp in turns on one model with one number of threads and one instruction set."""

import json
import os
import subprocess
from statistics import median

from . import Failure, say


def run_json(command, environment):
    """Runs a command that prints JSON."""
    command = [str(part) for part in command]
    result = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if result.returncode != 0:
        raise Failure(f"exit status {result.returncode} of: {' '.join(command)}\n{result.stderr[-1000:]}")
    return json.loads(result.stdout)


def run_shoal(program, model, instruction_set, threads, prompt, decode):
    """What `shoal bench` measures in one run after one to warm up."""
    environment = {} if instruction_set == "native" else {"SHOAL_ISA": instruction_set}
    return run_json(
        [
            program, "bench", model, "--threads", threads, "--prompt-tokens", prompt, "--generate-tokens", decode,
            "--repetitions", 1, "--json",
        ], environment)


def compare(shoal, llamacpp, model, instruction_set, threads, options):
    """One row of the table, with all that was measured for it.

    Both decode after a history as long as the prompt. llama.cpp gets the attention that is faster for it, asked once.
    """
    prompt, decode = options.history or options.prompt, options.decode
    say(f"{model.name}, {instruction_set}, {threads} thread{'s' if threads > 1 else ''}:")

    def llama_prompt(attention):
        return llamacpp.run(model, instruction_set, threads, prompt, 0, 0, attention)

    def llama_decode(attention):
        return llamacpp.run(model, instruction_set, threads, 0, decode, prompt, attention)

    chosen = {"prompt": options.flash_attention, "decode": options.flash_attention}
    if options.flash_attention == "best":
        for key, measure in (("prompt", llama_prompt), ("decode", llama_decode)):
            rates = {attention: measure(attention) for attention in ("on", "off")}
            chosen[key] = max(rates, key=rates.get)
        say(f"  llama.cpp's flash attention: {chosen['prompt']} for prompts, {chosen['decode']} for decoding")
    ours, theirs = {"prompt": [], "decode": []}, {"prompt": [], "decode": []}
    bandwidths = []
    for turn in range(options.turns):
        figures = run_shoal(shoal, model, instruction_set, threads, prompt, decode)
        ours["prompt"].append(figures["prompt_tokens_per_second"])
        ours["decode"].append(figures["decode_tokens_per_second"])
        bandwidths.append(figures["read_bandwidth_gb_per_second"])
        theirs["prompt"].append(llama_prompt(chosen["prompt"]))
        theirs["decode"].append(llama_decode(chosen["decode"]))
        say(
            f"  turn {turn + 1} of {options.turns}: prompt {ours['prompt'][-1]:.1f} and {theirs['prompt'][-1]:.1f},"
            f" decode {ours['decode'][-1]:.2f} and {theirs['decode'][-1]:.2f} tokens/s, {bandwidths[-1]:.1f} GB/s")
    row = {
        "model": model.name.removesuffix(".gguf"), "instruction_set": instruction_set, "shoal_kernels": figures["instruction_set"],
        "threads": threads, "prompt_tokens": prompt, "decode_tokens": decode, "flash_attention": chosen,
        "bytes_per_token": figures["bytes_per_token"], "shoal": ours, "llamacpp": theirs,
        "read_bandwidth_gb_per_second": bandwidths,
    }
    return {**row, **summary(row)}


def summary(row):
    """Medians, ratios, and what share of the read bandwidth decoding takes."""
    rates = {side: {key: median(row[side][key]) for key in ("prompt", "decode")} for side in ("shoal", "llamacpp")}
    per_second = median(row["read_bandwidth_gb_per_second"]) * 1e9 / row["bytes_per_token"]
    return {
        "medians": rates,
        "prompt_ratio": rates["shoal"]["prompt"] / rates["llamacpp"]["prompt"],
        "decode_ratio": rates["shoal"]["decode"] / rates["llamacpp"]["decode"],
        "decode_bandwidth_share": {side: rates[side]["decode"] / per_second for side in rates},
    }
