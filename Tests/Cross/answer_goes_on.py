"""One worker of another machine's program and one of this machine's: the first is killed while an answer is read, and the answer goes on."""
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "Chaos"))

from answers import Answer  # noqa: E402
from lab import DEADLINE, Lab  # noqa: E402

PROMPT = "A shoal of fish swam along the coast, and nobody knew"
TOKENS = 96

shoal, arm, model = sys.argv[1:]
with Lab(shoal, model, workers=2, is_closed=True, programs=[arm, shoal]) as lab:
    lab.serve(used=2)
    assert lab.holders() == lab.workers, lab.cluster()["stages"]
    undisturbed = Answer(lab.port, PROMPT, tokens=TOKENS)
    undisturbed.start()
    expected = undisturbed.done()
    assert expected[2] == TOKENS, expected

    answer = Answer(lab.port, PROMPT, tokens=TOKENS)
    answer.start()
    began = time.monotonic()
    while len(answer.times) < 8:
        assert answer.is_alive() and time.monotonic() - began < DEADLINE, f"{len(answer.times)} events, {answer.error}"
        time.sleep(0.001)
    lab.workers[0].kill()
    before = len(answer.times)
    assert answer.done() == expected, f"{answer.text!r} is not {expected[0]!r}"
    assert before < len(answer.times), "it was over before the worker was killed"
    assert lab.workers[0] not in lab.holders(), lab.cluster()["stages"]
    print(f"killed after {before} of {len(answer.times)} events; it went on after {answer.longest_gap:.2f} s: {expected[0][:60]!r}")
