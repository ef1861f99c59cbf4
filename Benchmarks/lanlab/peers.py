"""Other programs: one stream over two nodes of one thread, a prompt, then tokens after it; and what a hop is without a model."""

import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from comparison import distributedllama

from . import load


def llamacpp_rpc(lab, folder, network, prompt, generated):
    """llama.cpp's own benchmark on the coordinator's host, with two servers of one thread."""
    with lab.cluster([None, None], network=network) as cluster:
        endpoints = cluster.start_programs(
            2, lambda host, port: [folder / "ggml-rpc-server", "-H", host, "-p", port, "-t", "1"])
        figures = {}
        for key, flags in (("prompt", ["-p", prompt, "-n", "0"]), ("decode", ["-p", "0", "-n", generated, "-d", prompt])):
            output = cluster.run_program(
                [folder / "llama-bench", "-m", lab.options.model, "--rpc", ",".join(endpoints), "-ngl", "99", "-t", "1", "-fa", "on", "-r", "1",
                 *flags, "-o", "json"])
            figures[f"{key}_tokens_per_second"] = json.loads(output)[0]["avg_ts"]
        return figures


def distributed_llama(lab, program, network, prompt, generated):
    """distributed-llama's root on the coordinator's host, which computes as its nodes do, and one node more."""
    with lab.cluster([None], network=network) as cluster:
        endpoints = cluster.start_programs(1, program.worker, listening="Listening on")
        output = cluster.run_program(program.root(load.prompt_tokens(prompt, 7), generated, endpoints))
        return distributedllama.rates(output, prompt, generated)


def plain_hop(turns):
    """Microseconds that two threads and a socket take by themselves here, where the caches are as cold as after a stage's weights."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "hop"
        subprocess.run(["cc", "-O2", "-pthread", "-o", program, Path(__file__).parent / "hop.c"], check=True)
        return median(float(subprocess.run([program, "300", "100"], check=True, capture_output=True).stdout) for _ in range(turns))
