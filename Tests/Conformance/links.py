"""Links: frames, the handshake, signs of life, and the payload of a step."""
import collections
import queue
import socket
import struct
import threading
import time

import messages

CONTROL, STEP, PIECE, CACHE = 1, 2, 3, 4
ROWS, OPEN, FORK, TRIM, CLOSE = 1, 2, 3, 4, 5
NONE, TOKENS, F32, F16, Q8 = 0, 1, 2, 3, 4
VERSION = 1
PATIENCE = 60

Entry = collections.namedtuple("Entry", "sequence position count kind output", defaults=(0, 0, OPEN, 0))


def frame(kind, payload, magic=b"SHOL", flags=0):
    return struct.pack("<4sBBHII", magic, kind, flags, 0, len(payload), 0) + payload


class Refused(Exception):
    def __init__(self, refusal):
        super().__init__(refusal["message"])
        self.code, self.refusal = refusal["code"], refusal


class Ended(Exception):
    """The peer closed; the reason of its Goodbye where it said one."""


class Step:
    """The payload of a step frame."""

    def __init__(self, epoch, stage, step, entries, codec=NONE, width=0, data=b"", rows=0, pruned=False, replay=False, last=0):
        self.epoch, self.stage, self.step, self.entries = epoch, stage, step, entries
        self.codec, self.width, self.data, self.rows = codec, width, data, rows
        self.pruned, self.replay, self.last = pruned, replay, last

    def encode(self):
        flags = self.pruned | self.replay << 1
        head = struct.pack(
            "<IIQIBBHII", self.epoch, self.stage, self.step, self.width, self.codec, flags, self.last, len(self.entries), self.rows)
        return head + b"".join(struct.pack("<IIIBBH", *entry, 0) for entry in self.entries) + self.data

    @staticmethod
    def decode(payload):
        epoch, stage, step, width, codec, flags, last, count, rows = struct.unpack_from("<IIQIBBHII", payload)
        entries = [Entry(*struct.unpack_from("<IIIBBH", payload, 32 + 16 * index)[:5]) for index in range(count)]
        return Step(
            epoch, stage, step, entries, codec, width, payload[32 + 16 * count :], rows, bool(flags & 1), bool(flags & 2), last)

    def values(self):
        """Rows of numbers."""
        per_row = self.width
        if self.codec == TOKENS:
            numbers = struct.unpack(f"<{self.rows}I", self.data)
        elif self.codec in (F32, F16):
            numbers = struct.unpack(f"<{self.rows * self.width}{'f' if self.codec == F32 else 'e'}", self.data)
        elif self.codec == Q8:
            blocks = [struct.unpack_from("<f32b", self.data, at) for at in range(0, len(self.data), 36)]
            numbers = [block[0] * value for block in blocks for value in block[1:]]
        else:
            return []
        return [list(numbers[row * per_row : (row + 1) * per_row]) for row in range(self.rows)]


class Link:
    """One connection after its handshake. A thread reads it and answers pings; another says one when nothing else was said."""

    def __init__(self, connection, name=""):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection, self.name = connection, name
        self.lock, self.inbox, self.backlog = threading.Lock(), queue.Queue(), []
        self.requests, self.is_open, self.sent = 0, True, time.monotonic()
        self.pings = self.pongs = 0
        self.timed = []

    @staticmethod
    def dial(address, role, session=7, lowest=VERSION, highest=VERSION, name="conformance", **hello):
        link = Link(socket.create_connection(address, timeout=PATIENCE))
        fields = {
            "lowest_version": lowest, "highest_version": highest, "role": role, "session": session, "name": name,
            "software_version": "test", **hello}
        link.say("hello", fields)
        _, body, fields = messages.open_envelope(link.read()[1])
        if body == "refusal":
            raise Refused(fields)
        assert body == "welcome", body
        link.welcome = fields
        return link.start()

    def start(self):
        self.connection.settimeout(None)
        for work in (self.reading, self.beating):
            threading.Thread(target=work, daemon=True).start()
        return self

    # -- frames

    def send(self, kind, payload):
        self.send_bytes(frame(kind, payload))

    def send_bytes(self, data):
        """To a peer that is gone nothing is sent: how it went, who reads is told."""
        with self.lock:
            try:
                self.connection.sendall(data)
                self.sent = time.monotonic()
            except OSError:
                pass

    def say(self, body, fields=None, request=0):
        self.send(CONTROL, messages.envelope(body, fields or {}, request))

    def read(self):
        """(kind, payload) of the next frame, on the thread that reads."""
        magic, kind, flags, reserved, length, rest = struct.unpack("<4sBBHII", self.exactly(16))
        assert (magic, flags, reserved, rest) == (b"SHOL", 0, 0, 0), "a frame's header is not right"
        return kind, self.exactly(length)

    def exactly(self, count):
        data = bytearray()
        while len(data) < count:
            part = self.connection.recv(count - len(data))
            if not part:
                raise Ended("without a goodbye")
            data += part
        return bytes(data)

    def reading(self):
        try:
            while True:
                kind, payload = self.read()
                for nonce in self.timed:
                    self.say("pong", {"nonce": nonce})
                self.timed = []
                if kind != CONTROL:
                    self.inbox.put((kind, 0, None, Step.decode(payload) if kind == STEP else payload))
                    continue
                request, body, fields = messages.open_envelope(payload)
                if body == "ping":
                    self.pings += 1
                    if fields["times_next"]:
                        self.timed.append(fields["nonce"])
                    else:
                        self.say("pong", {"nonce": fields["nonce"]})
                elif body == "pong":
                    self.pongs += 1
                elif body == "goodbye":
                    raise Ended(fields["reason"])
                else:
                    self.inbox.put((kind, request, body, fields))
        except Exception as error:
            self.is_open = False
            self.close()
            self.inbox.put(error)

    def beating(self):
        while self.is_open:
            time.sleep(0.1)
            if time.monotonic() - self.sent > 0.5:
                self.say("ping", {"nonce": 1})

    def close(self):
        """As after a loss: no goodbye."""
        self.is_open = False
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.connection.close()

    def goodbye(self, reason="done"):
        self.say("goodbye", {"reason": reason})
        self.until_closed()

    # -- what comes

    def next(self, wanted=lambda kind, request, body, content: True):
        """The first frame that is wanted, of those that came and will come: (kind, request, body, content)."""
        for index, item in enumerate(self.backlog):
            if wanted(*item):
                return self.backlog.pop(index)
        while True:
            item = self.inbox.get(timeout=PATIENCE)
            if isinstance(item, Exception):
                self.inbox.put(item)
                raise item
            if wanted(*item):
                return item
            self.backlog.append(item)

    def until_closed(self):
        """Waits until the peer has closed; what came before is dropped."""
        try:
            while True:
                self.next()
        except (Ended, OSError) as error:
            return error

    def ask(self, body, fields=None):
        """(the reply's name, its fields)."""
        self.requests += 1
        number = self.requests
        self.say(body, fields, number)
        return self.next(lambda kind, request, body, content: request == number)[2:]

    def fails(self, body, fields=None):
        """The failure's code in answer to a request."""
        reply, content = self.ask(body, fields)
        assert reply == "failure", (reply, content)
        return content["code"]

    def notice(self, name):
        return self.next(lambda kind, request, body, content: body == name and request == 0)[3]

    def run(self, step):
        """Sends a step, and gives the step that comes back or the failure, whichever it is."""
        self.send(STEP, step.encode())
        return self.result()

    def result(self):
        kind, _, body, content = self.next(lambda kind, request, body, content: kind == STEP or body == "step_failed")
        return content
