"""Adds up the tests that a log of Deploy/test tells of: the modules' own (Swift Testing), and those of each other part."""
import re
import sys

log = open(sys.argv[1], encoding="utf-8", errors="replace").read()
modules = {
    word: len(re.findall(rf"^\W*Test (?!run with).+ {word}(?: after |: |\.$|$)", log, re.MULTILINE))
    for word in ("passed", "failed", "skipped")
}
parts = {"Modules": (modules["passed"], modules["failed"], modules["skipped"])}
names = ["Commands", "Conformance", "Discovery", "Shelf", "Deployments", "Clients", "Chaos"]
# What the last release's program and the arm64 one show is asked for where these were built.
names += [name for name in ("Upgrade", "Cross") if re.search(rf"^{name}: ", log, re.MULTILINE)]
for name in names:
    found = re.findall(rf"^{name}: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", log, re.MULTILINE)
    # A part that did not get to its end is a failure.
    parts[name] = tuple(int(number or 0) for number in found[-1]) if found else (0, 1, 0)
for name, (passed, failed, skipped) in parts.items():
    print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped")
passed, failed, skipped = (sum(numbers) for numbers in zip(*parts.values()))
if skipped:
    print("Skipped tests say above what they need.")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0 or any(passed == 0 and not skipped for passed, _, skipped in parts.values()))
