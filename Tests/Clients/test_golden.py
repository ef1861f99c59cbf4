"""Logits over three workers, held bit for bit against the local run and, in exact mode, against reference logits.

The references are those of `../shared/golden` (or $SHOAL_GOLDEN): other people's implementations on small models of random
weights. Its README gives the tolerances.
"""
import array
import json
import os
import pathlib
import sys
import unittest

from cluster import Cluster

GOLDEN = pathlib.Path(
    os.environ.get("SHOAL_GOLDEN") or pathlib.Path(__file__).resolve().parents[3] / "shared" / "golden")
# A file of F16 or F32 weights, the folder of its logits, and which of them: the file of mistral-swa knows no window.
EXACT = [
    ("llama-gqa-F32", "llama-gqa", "logits_file"),
    ("llama-gqa-F16", "llama-gqa", "logits_file"),
    ("llama3-tied-ropescaled-F16", "llama3-tied-ropescaled", "logits_file"),
    ("mistral-swa-F16", "mistral-swa", "logits_nosw_file"),
    ("llama-k256-F16", "llama-k256", "logits_file"),
]
QUANTIZED = ["llama-k256-Q4_0.gguf", "llama-k256-Q4_1.gguf", "llama-k256-Q8_0.gguf"]


def floats(path):
    values = array.array("f")
    values.frombytes(pathlib.Path(path).read_bytes())
    if sys.byteorder == "big":
        values.byteswap()
    return values


def setUpModule():
    if not GOLDEN.is_dir():
        raise unittest.SkipTest(f"the golden data is not at {GOLDEN} (set SHOAL_GOLDEN)")
    global cluster
    cluster = Cluster(workers=3, serve=False)
    unittest.addModuleCleanup(cluster.__exit__)
    cluster.__enter__()


class GoldenLogits(unittest.TestCase):
    def logits(self, model, ids, *flags):
        tokens = os.path.join(cluster.folder, "tokens.json")
        output = os.path.join(cluster.folder, "logits.f32")
        pathlib.Path(tokens).write_text(json.dumps(ids))
        cluster.run("logits", str(model), "--tokens", tokens, "--output", output, *flags)
        return pathlib.Path(output).read_bytes()

    def hold(self, model, ids, expected, positions, tolerance):
        """Three workers, at once and in chunks, give the local bits; in exact mode those are near the expected ones."""
        over_workers = ("--insecure", "--objective", "throughput", *cluster.worker_flags)
        for mode in ("int8", "f32"):
            local = self.logits(model, ids, "--compute", mode)
            self.assertEqual(local, self.logits(model, ids, "--compute", mode, *over_workers), mode)
            self.assertEqual(local, self.logits(model, ids, "--compute", mode, "--chunk", "7", *over_workers), mode)
        width = len(local) // 4 // len(ids)
        values = floats(os.path.join(cluster.folder, "logits.f32"))
        self.assertEqual(len(values), width * len(ids))
        values = values[positions[0] * width:positions[1] * width]
        self.assertEqual(len(values), len(expected))
        difference = max(abs(value - wanted) for value, wanted in zip(values, expected))
        self.assertLessEqual(difference, tolerance)

    def test_unquantized_models(self):
        for name, folder, which in EXACT:
            folder = GOLDEN / "logits" / folder
            for sequence in json.loads((folder / "expected.json").read_text())["sequences"]:
                with self.subTest(model=name, tokens=sequence["length"]):
                    expected = floats(folder / sequence[which])
                    self.hold(
                        GOLDEN / "gguf" / f"{name}.gguf", sequence["ids"], expected,
                        (sequence["first_position"], sequence["length"]), 1e-3)

    def test_quantized_models(self):
        folder = GOLDEN / "gguf_quant"
        entries = {entry["file"]: entry for entry in json.loads((folder / "index.json").read_text())["files"]}
        for name in QUANTIZED:
            for sequence in entries[name]["sequences"]:
                with self.subTest(model=name, tokens=sequence["length"]):
                    expected = floats(folder / sequence["logits_file"])
                    self.hold(
                        folder / name, sequence["ids"], expected, sequence["positions"],
                        1e-3 * max(abs(value) for value in expected))
