"""A worker of other protocol versions, by Proto/PROTOCOL.md: fake_worker.py PORT LOWEST HIGHEST. Refuses every hello."""
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Conformance"))
import messages
from links import CONTROL, Ended, Link

port, lowest, highest = map(int, sys.argv[1:])


def answer(connection):
    link = Link(connection)
    kind, payload = link.read()
    request, body, _ = messages.open_envelope(payload)
    assert (kind, body) == (CONTROL, "hello"), (kind, body)
    message = f"this worker speaks protocol version {lowest} to {highest}, the coordinator 1; upgrade Shoal on the coordinator"
    refusal = {"code": "VERSION_MISMATCH", "message": message, "lowest_version": lowest, "highest_version": highest}
    link.say("refusal", refusal, request)
    connection.recv(1)


with socket.create_server(("127.0.0.1", port)) as listener:
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                answer(connection)
            except (Ended, OSError):
                pass
