"""Starts three workers and `shoal serve` on free ports of loopback, for the tests of this folder."""
import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

SHOAL = os.environ["SHOAL"]
MODEL = os.environ["SHOAL_MODEL"]
DEADLINE = 180


def free_ports(count):
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


class Cluster:
    """`with Cluster() as cluster:`; `cluster.url` is the API's address. Nothing is left running after."""

    def __init__(self, context=2048):
        self.context = context

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="shoal clients "))
        self.processes = []
        self.stack.callback(self.stop)
        try:
            *worker_ports, port = free_ports(4)
            self.url = f"http://127.0.0.1:{port}"
            for number in worker_ports:
                self.start(f"worker-{number}", "worker", "--listen", f"127.0.0.1:{number}",
                    "--data-dir", os.path.join(self.folder, f"data-{number}"))
            flags = [flag for number in worker_ports for flag in ("--worker", f"127.0.0.1:{number}")]
            for number in worker_ports:
                self.wait(lambda: socket.create_connection(("127.0.0.1", number), timeout=1).close())
            self.start("serve", "serve", MODEL, "--listen", f"127.0.0.1:{port}", "--context", str(self.context), *flags)
            self.wait(lambda: urllib.request.urlopen(self.url + "/health", timeout=5).close())
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def start(self, name, *arguments):
        log = open(os.path.join(self.folder, name + ".log"), "wb")
        command = [SHOAL, *arguments, "--insecure"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.processes.append((name, process))

    def wait(self, attempt):
        deadline = time.monotonic() + DEADLINE
        while True:
            for name, process in self.processes:
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended with status {process.returncode}:\n{self.log(name)}")
            try:
                return attempt()
            except (OSError, urllib.error.URLError):
                if time.monotonic() > deadline:
                    raise RuntimeError("\n".join(self.log(name) for name, _ in self.processes)) from None
                time.sleep(0.05)

    def log(self, name):
        with open(os.path.join(self.folder, name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def stop(self):
        for _, process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for _, process in reversed(self.processes):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
