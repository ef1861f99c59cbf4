"""A check holds a sentence of PROTOCOL.md: which one, stands before it."""
import pathlib
import time
import traceback

DOCUMENT = " ".join((pathlib.Path(__file__).resolve().parents[2] / "Proto" / "PROTOCOL.md").read_text().split())
CHECKS = []


def holds(*sentences):
    """The check after it holds these sentences, which must stand in the document as they are here."""

    def enter(function):
        CHECKS.append((function, sentences))
        return function

    return enter


def run(names, work):
    """Runs the checks whose names hold one of `names`, all without; gives how many passed and failed."""
    passed = failed = 0
    for function, sentences in CHECKS:
        if names and not any(name in function.__name__ for name in names):
            continue
        began = time.monotonic()
        try:
            for sentence in sentences:
                assert " ".join(sentence.split()) in DOCUMENT, f'PROTOCOL.md does not say: "{sentence}"'
            function(work)
            passed += 1
            print(f"ok   {function.__name__} ({time.monotonic() - began:.1f} s): {sentences[0]}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL {function.__name__}: {sentences}\n{traceback.format_exc()}", flush=True)
    return passed, failed


def near(found, expected, within=1e-3):
    """Whether rows of numbers agree."""
    assert [len(row) for row in found] == [len(row) for row in expected], (len(found), len(expected))
    worst = max((abs(a - b) for one, other in zip(found, expected) for a, b in zip(one, other)), default=0)
    assert worst < within, f"a number is off by {worst}"
