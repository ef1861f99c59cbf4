"""Streams of completions at the same time, each token timed as it comes.

One thread waits for all of them and keeps what came with its time; it is read when all is over, so that measuring takes little of the machine
that is measured.
"""

import json
import selectors
import threading
import time
from dataclasses import dataclass, field

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
    # What came, with its times; and how many events those were.
    received: list = field(default_factory=list)
    events: int = 0

    @property
    def seconds_to_first(self):
        return self.times[0] - self.began

    @property
    def gaps(self):
        return [after - before for before, after in zip(self.times, self.times[1:])]

    def request(self, host):
        body = json.dumps({
            "model": "default", "prompt": self.prompt, "max_tokens": self.tokens, "temperature": 0, "stream": True,
            "stream_options": {"include_usage": True}, "ignore_eos": True}).encode()
        head = f"POST /v1/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        return head.encode() + body

    def take(self, data):
        self.received.append((time.monotonic(), data))
        self.events += data.count(b"data: ")

    def read(self):
        """Makes times and text of what came."""
        whole, ends = b"", []
        for at, data in self.received:
            whole += data
            ends.append((len(whole), at))
        head, _, body = whole.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            self.error = whole[:500].decode(errors="replace")
            return
        position, chunk = whole.find(b"data: "), 0
        while position >= 0:
            end = whole.find(b"\n\n", position)
            while ends[chunk][0] < (end if end >= 0 else len(whole)):
                chunk += 1
            line = whole[position + 6:end]
            position = whole.find(b"data: ", position + 6)
            if line.startswith(b"[DONE]"):
                break
            try:
                event = json.loads(line)
            except ValueError:
                self.error = f"an event that is no JSON: {line[:200]}"
                return
            if "error" in event:
                self.error = str(event["error"])
                return
            if event.get("usage"):
                self.generated = event["usage"]["completion_tokens"]
            for choice in event.get("choices", []):
                if choice.get("text"):
                    self.times.append(ends[chunk][1])
                    self.text += choice["text"]
        if self.generated != self.tokens:
            self.error = f"{self.generated} tokens came instead of {self.tokens}"


def prompt_tokens(count, seed, vocabulary=30_000):
    """Ids spread over the vocabulary, others for each seed."""
    return [(index * 7919 + seed * 104_729 + 13) % (vocabulary - 300) + 300 for index in range(count)]


def run(cluster, streams):
    """Runs the streams at once and waits for all; the seconds from the first request to the last token."""
    started = time.monotonic()
    _follow(cluster, streams)
    for stream in streams:
        if stream.error:
            raise Failure(f"a stream failed: {stream.error}")
    return max(stream.times[-1] for stream in streams) - started


def start(cluster, *streams):
    """Begins streams beside others; join the thread that is returned."""
    thread = threading.Thread(target=_follow, args=(cluster, streams))
    thread.start()
    return thread


def _follow(cluster, streams):
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            try:
                connection = cluster.network.connect(cluster.coordinator, cluster.api)
                stream.began = time.monotonic()
                connection.sendall(stream.request(cluster.api))
                selector.register(connection, selectors.EVENT_READ, stream)
            except OSError as error:
                stream.error = f"{type(error).__name__}: {error}"
        while selector.get_map():
            for key, _ in selector.select():
                try:
                    data = key.fileobj.recv(1 << 16)
                except OSError as error:
                    key.data.error, data = f"{type(error).__name__}: {error}", b""
                if data:
                    key.data.take(data)
                else:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
    for stream in streams:
        if not stream.error:
            stream.read()


def decode_rate(streams):
    """Tokens per second of all streams together while all of them decode: from the last first token to the first last one."""
    begin, end = max(s.times[0] for s in streams), min(s.times[-1] for s in streams)
    if end <= begin:
        raise Failure("the streams did not decode at the same time: ask for more tokens")
    # Text comes in pieces of one token or, where a character takes several, of more: counted by each stream's own ratio.
    tokens = sum(sum(begin < t <= end for t in s.times) * s.generated / len(s.times) for s in streams)
    return tokens / (end - begin)
