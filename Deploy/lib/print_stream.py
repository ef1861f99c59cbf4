"""Prints the answer that comes as server-sent events on standard input, then tokens per second."""
import json
import sys
import time

first = last = None
usage = None
done = False
for line in sys.stdin:
    line = line.rstrip("\n")
    if line.startswith("{"):
        sys.exit(json.loads(line)["error"]["message"])
    if not line.startswith("data: "):
        continue
    if line == "data: [DONE]":
        done = True
        break
    event = json.loads(line[len("data: "):])
    if "error" in event:
        sys.exit(event["error"]["message"])
    usage = event.get("usage") or usage
    for choice in event["choices"]:
        text = choice["delta"].get("content")
        if text:
            last = time.monotonic()
            first = first or last
            print(text, end="", flush=True)
print()
if not done or usage is None or first is None:
    sys.exit("the answer broke off")
tokens = usage["completion_tokens"]
if last > first:
    print(f"\n{tokens} tokens, {(tokens - 1) / (last - first):.1f} tokens/s")
