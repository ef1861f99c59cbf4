"""The wire of Proto/PROTOCOL.md, as far as tests play a peer that does what none of this project would."""
import os
import socket
import struct
import threading

CONTROL, STEP, PIECE, CACHE = 1, 2, 3, 4
COORDINATOR, UPSTREAM, INSPECTOR, SHARDS, CACHES = 1, 2, 3, 4, 5
# Fields of an envelope.
HELLO, WELCOME, PING, FAILURE, DESCRIBE_DEVICE, DEVICE_REPORT = 2, 3, 5, 8, 16, 17
LINK_PROBE, LOAD_STAGE, STAGE_LOADED, STEP_FAILED = 22, 32, 34, 37
CACHE_INQUIRY, CACHE_INVENTORY = 40, 41


def varint(number):
    result = bytearray()
    while number > 127:
        result.append(number & 127 | 128)
        number >>= 7
    result.append(number)
    return bytes(result)


def number(field, value):
    return varint(field << 3) + varint(value)


def fixed(field, value):
    return varint(field << 3 | 1) + struct.pack("<Q", value)


def data(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def fields(message):
    """Yields (field, value) of a message: numbers, or bytes."""
    place = 0

    def read():
        nonlocal place
        result = shift = 0
        while True:
            byte = message[place]
            place += 1
            result |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return result

    while place < len(message):
        key = read()
        if key & 7 == 0:
            yield key >> 3, read()
        elif key & 7 == 1:
            yield key >> 3, struct.unpack_from("<Q", message, place)[0]
            place += 8
        elif key & 7 == 2:
            length = read()
            yield key >> 3, message[place:place + length]
            place += length
        else:
            raise ValueError(f"wire type {key & 7}")


def frame(kind, payload):
    return struct.pack("<4sB3xI4x", b"SHOL", kind, len(payload)) + payload


def control(body, message=b"", request=0):
    return frame(CONTROL, (number(1, request) if request else b"") + data(body, message))


def hello(role, session):
    return control(HELLO, number(1, 1) + number(2, 1) + number(3, role) + fixed(4, session) + data(5, "test") + data(6, "test"))


def rows(sequence, position, count, output):
    return struct.pack("<IIIBBH", sequence, position, count, 1, output, 0)


def open_sequence(sequence):
    return struct.pack("<IIIBBH", sequence, 0, 0, 2, 0, 0)


def close_sequence(sequence):
    return struct.pack("<IIIBBH", sequence, 0, 0, 5, 0, 0)


def step(number, entries, tokens, epoch=1):
    header = struct.pack(
        "<IIQIBBHII", epoch, 0, number, 1 if tokens else 0, 1 if tokens else 0, 0, 0, len(entries), len(tokens))
    return frame(STEP, header + b"".join(entries) + struct.pack(f"<{len(tokens)}I", *tokens))


class Link:
    """One connection. `send` and `receive` block; nothing is answered or read unless a test says so."""

    def __init__(self, connection):
        self.connection = connection
        self.sending = threading.Lock()

    @classmethod
    def dial(cls, port, role, session=0):
        link = cls(socket.create_connection(("127.0.0.1", port), timeout=120))
        link.send(hello(role, session))
        kind, body, _, message = link.receive()
        assert (kind, body) == (CONTROL, WELCOME), (kind, body, message)
        return link

    def send(self, frame):
        with self.sending:
            self.connection.sendall(frame)

    def keep_alive(self):
        """Sends pings until the link is closed: who is silent for 2 s is given up."""
        ended = threading.Event()
        self.ended = ended

        def ping():
            while not ended.wait(0.3):
                try:
                    self.send(control(PING, fixed(1, 1)))
                except OSError:
                    return

        threading.Thread(target=ping, daemon=True).start()

    def read(self, count):
        result = bytearray()
        while len(result) < count:
            part = self.connection.recv(min(count - len(result), 1 << 20))
            if not part:
                raise EOFError
            result += part
        return bytes(result)

    def receive(self):
        """The next frame: kind, then of a control frame (field, request, message), else (None, None, payload)."""
        magic, kind, length = struct.unpack("<4sB3xI4x", self.read(16))
        assert magic == b"SHOL", magic
        payload = self.read(length)
        if kind != CONTROL:
            return kind, None, None, payload
        request = 0
        for field, value in fields(payload):
            if field == 1:
                request = value
            else:
                return kind, field, request, value
        raise ValueError("an empty envelope")

    def until(self, *wanted):
        """The next control message of one of these kinds; others, and pings, are passed over."""
        while True:
            kind, body, request, message = self.receive()
            if kind == CONTROL and body in wanted:
                return body, request, message

    ended = None

    def close(self):
        if self.ended:
            self.ended.set()
        self.connection.close()


def shards(store):
    """The ids of a store's shards, the configuration first: it holds no tensors to speak of."""
    found = []
    for name in sorted(os.listdir(store)):
        if name.endswith(".gguf"):
            with open(os.path.join(store, name), "rb") as file:
                magic, _, tensors = struct.unpack("<4sIQ", file.read(16))
            assert magic == b"GGUF", name
            found.append((tensors, bytes.fromhex(name[:-5])))
    found.sort(key=lambda shard: shard[0])
    return [shard for _, shard in found]


def load_stage(ids, layers, epoch=1, context=2048, positions=2048, slots=4, more=b""):
    """A message that asks for all of a model."""
    stage_range = number(1, 1) + number(2, 0) + number(3, layers) + number(4, 1)
    return (
        number(1, epoch) + number(2, 0) + data(3, stage_range) + b"".join(data(4, id) for id in ids) + data(5, "model")
        + number(6, 1) + number(7, context) + number(8, slots) + number(10, 2) + number(15, positions) + more)
