"""What a coordinator of the program makes of workers that speak by the document: `shoal logits` over them gives the local run's logits."""
import array
import functools
import json
import pathlib
import tempfile
import time

import llama
import program
from checks import holds, near
from worker import Worker

TEXT = [3, 17, 0, 39, 5, 5, 21, 8, 30, 11, 2, 2]


class Runs:
    """The model's file, and a run without workers."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="shoal-conformance-")
        self.path = pathlib.Path(self.folder.name)
        (self.path / "model.gguf").write_bytes(llama.whole_model())
        (self.path / "tokens.json").write_text(json.dumps(TEXT))
        self.local = self.logits()
        near(self.local, llama.logits(llama.Model([llama.whole_model()]), TEXT))

    def logits(self, workers=(), pins=(), codec="f32"):
        out = self.path / "logits.f32"
        flags = [flag for address in workers for flag in ("--worker", address)] + [flag for pin in pins for flag in ("--pin", pin)]
        if workers:
            flags += ["--insecure", "--codec", codec]
        program.run(
            "logits", str(self.path / "model.gguf"), "--tokens", str(self.path / "tokens.json"), "--output", str(out), "--compute", "f32",
            "--chunk", "5", *flags)
        values = array.array("f", out.read_bytes()).tolist()
        return [values[at : at + llama.VOCABULARY] for at in range(0, len(values), llama.VOCABULARY)]

    def agree(self, pins, codec="f32", within=1e-3):
        """Runs over workers: P in a pin is the document's, T and U are the program's."""
        document, tested = Worker(), {kind: program.Worker() for kind in "TU" if any(pin[-1] == kind for pin in pins)}
        places = {"P": document.address} | {kind: worker.text for kind, worker in tested.items()}
        try:
            named = [pin[:-1] + places[pin[-1]] for pin in pins]
            used = list(places.values())
            near(self.logits(used, named, codec), self.local, within)
            assert not document.faults, document.faults
            deadline = time.monotonic() + 10
            while document.stages and time.monotonic() < deadline:
                time.sleep(0.01)
            assert not document.stages, "stages were left behind"
            return document
        finally:
            document.close()
            for worker in tested.values():
                worker.end()


@functools.cache
def runs():
    return Runs()


@holds("Steps are sent only when every stage of the epoch has answered `StageLoaded`.", "absent, results go back over the link that carried this request")
def a_worker_of_the_document_has_all(work):
    document = runs().agree(["embedding=P", "0-2=P", "head=P"])
    # Who it is was asked before.
    assert document.seen == ["INSPECTOR", "COORDINATOR"], document.seen


@holds("The first stage takes codec 1 (tokens) when it has the embedding, else rows.")
def a_worker_of_the_document_is_first(work):
    runs().agree(["embedding=P", "0=P", "1-2=T", "head=T"])


@holds("The coordinator may hold stages itself")
def a_worker_of_the_document_is_in_the_middle(work):
    document = runs().agree(["0=T", "1=P", "2=U"])
    assert "UPSTREAM" in document.seen, document.seen


@holds("A stage whose `last_layer` is the model's number of layers, and that has any, is the one that prunes.")
def a_worker_of_the_document_is_last(work):
    runs().agree(["embedding=T", "0-1=T", "2=P", "head=P"])


@holds("`activation_codec`: 2 (f32), 3 (f16) or 4 (q8): how this stage writes the rows that it sends on.")
def codecs_are_read_and_written(work):
    runs().agree(["0=T", "1=P", "2=U"], "f16", 0.05)
    runs().agree(["0=T", "1=P", "2=U"], "q8", 0.5)
