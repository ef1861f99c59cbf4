"""Streams of completions at the same time, each token timed as it comes."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from statistics import median

from . import Failure


@dataclass
class Stream:
    """One answer: when it was asked for, when its pieces came, what it was."""

    prompt: list
    tokens: int
    began: float = 0
    times: list = field(default_factory=list)
    text: str = ""
    generated: int = 0
    error: str | None = None

    @property
    def seconds_to_first(self):
        return self.times[0] - self.began

    @property
    def gaps(self):
        return [after - before for before, after in zip(self.times, self.times[1:])]


def prompt_tokens(count, seed, vocabulary=30_000):
    """Ids spread over the vocabulary, others for each seed."""
    return [(index * 7919 + seed * 104_729 + 13) % (vocabulary - 300) + 300 for index in range(count)]


def run(cluster, streams):
    """Runs the streams at once and waits for all; the seconds from the first request to the last token."""
    threads = [threading.Thread(target=_follow, args=(cluster, stream)) for stream in streams]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for stream in streams:
        if stream.error:
            raise Failure(f"a stream failed: {stream.error}")
    return max(stream.times[-1] for stream in streams) - started


def start(cluster, stream):
    """Begins one stream beside others; join the thread that is returned."""
    thread = threading.Thread(target=_follow, args=(cluster, stream))
    thread.start()
    return thread


def _follow(cluster, stream):
    try:
        connection = http.client.HTTPConnection("unused")
        connection.sock = cluster.network.connect(cluster.coordinator, cluster.api)
        body = json.dumps({
            "model": "default", "prompt": stream.prompt, "max_tokens": stream.tokens, "temperature": 0, "stream": True,
            "stream_options": {"include_usage": True}, "ignore_eos": True})
        stream.began = time.monotonic()
        connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            stream.error = f"{response.status}: {response.read()[:500]}"
            return
        while line := response.readline():
            if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
                continue
            event = json.loads(line[6:])
            if "error" in event:
                stream.error = str(event["error"])
                return
            if event.get("usage"):
                stream.generated = event["usage"]["completion_tokens"]
            for choice in event.get("choices", []):
                if choice.get("text"):
                    stream.times.append(time.monotonic())
                    stream.text += choice["text"]
        if stream.generated != stream.tokens:
            stream.error = f"{stream.generated} tokens came instead of {stream.tokens}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        stream.error = f"{type(error).__name__}: {error}"


def decode_rate(streams):
    """Tokens per second of all streams together while all of them decode: from the last first token to the first last one."""
    begin, end = max(s.times[0] for s in streams), min(s.times[-1] for s in streams)
    if end <= begin:
        raise Failure("the streams did not decode at the same time: ask for more tokens")
    # Text comes in pieces of one token or, where a character takes several, of more: counted by each stream's own ratio.
    tokens = sum(sum(begin < t <= end for t in s.times) * s.generated / len(s.times) for s in streams)
    return tokens / (end - begin)


def middle(values):
    return median(values)
