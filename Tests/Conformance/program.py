"""Starts the program under test, and ends what was started."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

SHOAL = os.environ.get("SHOAL", "shoal")


class Worker:
    """A `shoal worker` on a port of loopback, with a folder of its own."""

    def __init__(self, *flags, name="tested"):
        self.name, self.folder = name, tempfile.TemporaryDirectory(prefix="shoal-conformance-")
        self.log = pathlib.Path(self.folder.name, "log")
        command = [SHOAL, "worker", "--listen", "127.0.0.1:0", "--data-dir", self.folder.name + "/data", "--name", name, "--insecure"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*command, *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not (found := re.search(r"listens on (\S+?):(\d+)", self.log.read_text())):
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        self.host, self.port = found[1], int(found[2])
        self.address = (self.host, self.port)
        self.text = f"{self.host}:{self.port}"

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "no end"
        text = self.log.read_text()
        self.folder.cleanup()
        assert status == 0 and "Fatal error" not in text, f"the worker ended with {status}: {text[-2000:]}"


def run(*arguments):
    """What the program printed; it must end well."""
    done = subprocess.run([SHOAL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout
