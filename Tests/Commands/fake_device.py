"""A worker that tells of itself what it is given, by Proto/PROTOCOL.md: fake_device.py PORT NAME MEMORY_BYTES [FAILURE].

It answers what it is asked about itself, and every other request with a failure of that text.
"""
import socket
import struct
import sys
import threading

port, name, memory = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
failure = sys.argv[4] if len(sys.argv) > 4 else "no"
CONTROL = 1
HELLO, WELCOME, PING, PONG, GOODBYE, FAILURE, DESCRIBE, REPORT = 2, 3, 5, 6, 7, 8, 16, 17


def varint(number):
    result = b""
    while number > 127:
        result += bytes([number & 127 | 128])
        number >>= 7
    return result + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value)


def nested(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def fields(data):
    """(field, value) of a message: numbers, or bytes."""
    place = 0

    def read():
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(data):
        tag = read()
        if tag & 7 == 0:
            yield tag >> 3, read()
        else:
            length = read()
            yield tag >> 3, data[place:place + length]
            place += length


def receive(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def send(connection, request, field, body):
    envelope = (number(1, request) if request else b"") + nested(field, body)
    connection.sendall(struct.pack("<4sB3xI4x", b"SHOL", CONTROL, len(envelope)) + envelope)


def serve(connection):
    try:
        while True:
            _, kind, length = struct.unpack_from("<4sB3xI4x", receive(connection, 16))
            message = dict(fields(receive(connection, length)))
            request = message.pop(1, 0)
            if kind != CONTROL or GOODBYE in message:
                return
            if HELLO in message:
                send(connection, 0, WELCOME, number(1, 1) + nested(2, name.encode()) + nested(3, b"0"))
            elif PING in message:
                send(connection, 0, PONG, message[PING])
            elif DESCRIBE in message:
                send(
                    connection, request, REPORT,
                    nested(1, name.encode()) + nested(2, b"0") + number(3, 4) + number(4, 4) + nested(5, b"avx2")
                    + number(6, 1) + number(7, memory))
            elif request:
                send(connection, request, FAILURE, number(1, 1) + nested(2, failure.encode()))
    except (EOFError, OSError):
        pass
    finally:
        connection.close()


with socket.create_server(("127.0.0.1", port)) as listener:
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=serve, args=(accepted,), daemon=True).start()
