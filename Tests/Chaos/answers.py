"""Readers of streamed answers, and what is asked."""
import http.client
import json
import threading
import time

DEADLINE = 120
TOKENS = 64


def prompts(seed, index):
    """Eight prompts, four of some 350 tokens and four short ones; those of each seed and index begin differently from the first word."""
    names = ["Anna", "Boris", "Chiara", "Dmitri", "Elena", "Farid", "Greta", "Hugo"]
    towns = ["harbour", "mountain", "railway", "market", "island", "forest", "castle", "river"]
    long = "It was a long day in the town, and nobody knew when the rain would stop. "
    return [
        f"{index}.{seed}.{number} {names[number]} walked to the {towns[(number + index) % 8]}. " + long * (20 if number % 2 else 1)
        for number in range(8)]


class Answer(threading.Thread):
    """One streamed completion; what came, when, and how it ended."""

    def __init__(self, port, prompt, tokens=TOKENS, stream=True):
        super().__init__(daemon=True)
        self.port, self.prompt = port, prompt
        self.body = {
            "prompt": prompt, "max_tokens": tokens, "temperature": 0, "stream": stream, "ignore_eos": True}
        if stream:
            self.body["stream_options"] = {"include_usage": True}
        self.text, self.times, self.error, self.usage, self.finish, self.status = "", [], None, None, None, None
        self.began = time.monotonic()

    def run(self):
        try:
            self.read()
        except Exception as error:  # Whatever ends an answer is its error.
            self.error = f"{type(error).__name__}: {error}"

    def read(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("POST", "/v1/completions", json.dumps(self.body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        self.status = response.status
        if response.status != 200:
            self.error = f"{response.status}: {response.read().decode(errors='replace')}"
            return
        if not self.body["stream"]:
            body = json.loads(response.read())
            [choice], self.usage = body["choices"], body["usage"]
            self.text, self.finish = choice["text"], choice["finish_reason"]
            return
        for line in response:
            if not line.startswith(b"data: "):
                continue
            data = line[6:].strip()
            if data == b"[DONE]":
                return
            event = json.loads(data)
            if "error" in event:
                self.error = event["error"]["message"]
                return
            self.usage = event.get("usage") or self.usage
            for choice in event["choices"]:
                self.text += choice["text"]
                self.times.append(time.monotonic())
                self.finish = choice["finish_reason"] or self.finish
        self.error = "the stream ended without [DONE]"

    @property
    def longest_gap(self):
        """Seconds without anything new, after something came."""
        return max((after - before for before, after in zip(self.times, self.times[1:])), default=0.0)

    def done(self):
        """What was answered; an assertion where it was not answered whole."""
        self.join(DEADLINE)
        assert not self.is_alive(), f"an answer hangs after {len(self.times)} events: {self.text[-60:]!r}"
        assert self.error is None, f"an answer failed after {len(self.times)} events: {self.error}"
        return self.text, self.finish, self.usage["completion_tokens"]
