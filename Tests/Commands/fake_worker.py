"""A worker of other protocol versions, by Proto/PROTOCOL.md: fake_worker.py PORT LOWEST HIGHEST. Refuses every hello."""
import socket
import struct
import sys

port, lowest, highest = map(int, sys.argv[1:])
CONTROL = 1
VERSION_MISMATCH = 1


def varint(number):
    result = b""
    while number > 127:
        result += bytes([number & 127 | 128])
        number >>= 7
    return result + bytes([number])


def read_varint(data, place):
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, place


def number_field(field, value):
    return varint(field << 3) + varint(value)


def bytes_field(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def receive(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def answer(connection):
    magic, kind, length = struct.unpack_from("<4sB3xI4x", receive(connection, 16))
    assert magic == b"SHOL" and kind == CONTROL, (magic, kind)
    hello = receive(connection, length)
    request = 0
    if hello[0] == 1 << 3:
        request, _ = read_varint(hello, 1)
    message = f"this worker speaks protocol version {lowest} to {highest}, the coordinator 1; upgrade Shoal on the coordinator"
    refusal = (
        number_field(1, VERSION_MISMATCH) + bytes_field(2, message.encode())
        + number_field(3, lowest) + number_field(4, highest))
    envelope = (number_field(1, request) if request else b"") + bytes_field(4, refusal)
    connection.sendall(struct.pack("<4sB3xI4x", b"SHOL", CONTROL, len(envelope)) + envelope)
    connection.recv(1)


with socket.create_server(("127.0.0.1", port)) as listener:
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                answer(connection)
            except (EOFError, OSError):
                pass
