"""A worker that tells of itself what it is given, by Proto/PROTOCOL.md: fake_device.py PORT NAME MEMORY_BYTES [FAILURE].

It answers what it is asked about itself, and every other request with a failure of that text.
"""
import pathlib
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Conformance"))
import messages
from links import CONTROL, Ended, Link

port, name, memory = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
failure = sys.argv[4] if len(sys.argv) > 4 else "no"
REPORT = {
    "name": name, "software_version": "0", "cores": 4, "threads": 4, "instruction_set": "avx2", "architecture": "X86_64",
    "memory_budget_bytes": memory}


def serve(connection):
    link = Link(connection)
    try:
        while True:
            kind, payload = link.read()
            request, body, fields = messages.open_envelope(payload)
            if kind != CONTROL or body == "goodbye":
                return
            if body == "hello":
                link.say("welcome", {"version": 1, "name": name, "software_version": "0"})
            elif body == "ping":
                link.say("pong", {"nonce": fields["nonce"]})
            elif body == "describe_device":
                link.say("device_report", REPORT, request)
            elif request:
                link.say("failure", {"code": "BAD_REQUEST", "message": failure}, request)
    except (Ended, OSError, messages.Malformed):
        pass
    finally:
        connection.close()


with socket.create_server(("127.0.0.1", port)) as listener:
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=serve, args=(accepted,), daemon=True).start()
