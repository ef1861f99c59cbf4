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
# Which logits are those of what the file says, where it says less than the model's own definition: no window, YaRN's bounds rounded.
VARIANTS = {"mistral-swa": "logits_nosw_file", "gpt-oss": "logits_trunc_file"}
# A file of before in an older layout, with the same numbers.
LOGITS = {"deepseek2-lite-oldlayout": "deepseek2-lite"}
# Recurrent state: not there yet.
MISSING = ("granitehybrid", "lfm2", "nemotron_h", "qwen35", "qwen3next")
QUANTIZED = ["llama-k256-Q4_0.gguf", "llama-k256-Q4_1.gguf", "llama-k256-Q8_0.gguf", "mixtral-Q4_0.gguf"]


def exact_files():
    """All files of F16 or F32 weights of both sets, each with the folder of its logits and which of them."""
    for root in (GOLDEN, GOLDEN.parent / "golden2"):
        for path in sorted((root / "gguf").glob("*.gguf")):
            name = path.stem.rsplit("-", 1)[0]
            if not name.startswith(MISSING):
                yield path, root / "logits" / LOGITS.get(name, name), VARIANTS.get(name, "logits_file")


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
        for path, folder, which in exact_files():
            sequences = json.loads((folder / "expected.json").read_text())["sequences"]
            # The longest, which passes windows and pages; the module tests take all.
            sequence = max(sequences, key=lambda sequence: sequence["length"])
            with self.subTest(model=path.name, tokens=sequence["length"]):
                self.hold(
                    path, sequence["ids"], floats(folder / sequence[which]),
                    (sequence["first_position"], sequence["length"]), 1e-3)

    def test_sequences_much_longer_than_windows(self):
        """Pages behind a window are given back, in other steps here and there."""
        ids = [3 + position * 37 % 400 for position in range(500)]
        over_workers = ("--insecure", "--objective", "throughput", *cluster.worker_flags)
        for path, _, _ in exact_files():
            if path.stem.rsplit("-", 1)[0] not in ("gemma2", "gemma3", "phi3", "cohere2", "gpt-oss"):
                continue
            with self.subTest(model=path.name):
                local = self.logits(path, ids)
                self.assertEqual(local, self.logits(path, ids, *over_workers))
                self.assertEqual(local, self.logits(path, ids, "--chunk", "7", *over_workers))

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
