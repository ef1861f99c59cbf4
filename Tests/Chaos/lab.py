"""A cluster of real processes on loopback that can be hurt: workers behind proxies that cut and delay, a coordinator, and readers."""
import contextlib
import glob
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from proxy import Proxy

DEADLINE = 120


def free_ports(count):
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


class Answer(threading.Thread):
    """One streamed completion; what came, when, and how it ended."""

    def __init__(self, port, prompt, tokens, path="/v1/completions"):
        super().__init__(daemon=True)
        self.port, self.path = port, path
        self.body = {
            "prompt": prompt, "max_tokens": tokens, "temperature": 0, "stream": True, "ignore_eos": True,
            "stream_options": {"include_usage": True}}
        self.text, self.times, self.error, self.usage, self.finish = "", [], None, None, None
        self.began = time.monotonic()

    def run(self):
        try:
            self.read()
        except Exception as error:  # Whatever ends an answer is its error.
            self.error = f"{type(error).__name__}: {error}"

    def read(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("POST", self.path, json.dumps(self.body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            self.error = f"{response.status}: {response.read().decode(errors='replace')}"
            return
        for line in response:
            if not line.startswith(b"data: "):
                continue
            data = line[6:].strip()
            if data == b"[DONE]":
                return
            event = json.loads(data)
            if "error" in event:
                self.error = event["error"]["message"]
                return
            self.usage = event.get("usage") or self.usage
            for choice in event["choices"]:
                self.text += choice["text"]
                self.times.append(time.monotonic())
                self.finish = choice["finish_reason"] or self.finish
        self.error = "the stream ended without [DONE]"

    @property
    def longest_gap(self):
        return max((after - before for before, after in zip(self.times, self.times[1:])), default=0.0)

    def done(self):
        """What was answered; an assertion where it was not answered whole."""
        self.join(DEADLINE)
        assert not self.is_alive(), f"an answer hangs after {len(self.times)} events: {self.text[-60:]!r}"
        assert self.error is None, f"an answer failed after {len(self.times)} events: {self.error}"
        return self.text, self.finish, self.usage["completion_tokens"]


class Worker:
    """A worker's process, behind a proxy that stands for its cable."""

    def __init__(self, lab, name, port, extra=()):
        self.lab, self.name, self.port, self.extra = lab, name, port, extra
        self.folder = os.path.join(lab.folder, name)
        lab.give_profile(self.folder)
        self.proxy = Proxy(port)
        self.address = f"127.0.0.1:{self.proxy.port}"
        self.process = None
        self.start()

    def start(self):
        self.process = self.lab.start(
            self.name, "worker", "--listen", f"127.0.0.1:{self.port}", "--name", self.name, "--threads", "1",
            "--data-dir", self.folder, "--insecure", *self.extra)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def mend(self):
        """As if nothing had been: runs, and can be reached."""
        self.proxy.mend()
        if self.process.poll() is None:
            self.go_on()
        else:
            self.start()


class Lab:
    """`with Lab(shoal, model, workers=4) as lab:`; nothing is left after."""

    def __init__(self, shoal, model, workers=4, spares=0, flags=(), context=2048, slots=8, worker_flags=()):
        self.shoal, self.model, self.count, self.spares = shoal, model, workers, spares
        self.flags, self.context, self.slots, self.worker_flags = flags, context, slots, worker_flags

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="shoal chaos "))
        self.stack.callback(self.end)
        self.processes, self.workers, self.asked = [], [], {}
        try:
            self.profiles = os.path.join(self.folder, "profiles")
            subprocess.run(
                [self.shoal, "worker", "--profile", "--threads", "1", "--data-dir", self.profiles], check=True,
                stdout=subprocess.DEVNULL, timeout=DEADLINE)
            *ports, self.port = free_ports(self.count + self.spares + 1)
            self.workers = [
                Worker(self, f"w{index + 1}", port, self.worker_flags) for index, port in enumerate(ports)]
            for worker in self.workers:
                self.wait_for_port(worker.port)
            self.data = os.path.join(self.folder, "coordinator")
            self.serve()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def serve(self, wait=True):
        """Starts the coordinator; a spare is excluded from the placement by having no pin."""
        flags = [flag for worker in self.workers for flag in ("--worker", worker.address)]
        self.coordinator = self.start(
            "serve", "serve", self.model, "--listen", f"127.0.0.1:{self.port}", "--context", str(self.context),
            "--slots", str(self.slots), "--threads", "1", "--data-dir", self.data, "--insecure", *flags, *self.pins(),
            *self.flags)
        if wait:
            self.wait_until_ready()

    def pins(self):
        """Equal shares for all but the spares, so that it is known who has what."""
        layers = 30
        bounds = [layers * index // self.count for index in range(self.count + 1)]
        return [
            flag for index, worker in enumerate(self.workers[:self.count])
            for flag in ("--pin", f"{bounds[index]}-{bounds[index + 1] - 1}={worker.address}")]

    def start(self, name, *arguments):
        log = open(os.path.join(self.folder, name + ".log"), "ab")
        environment = os.environ | {"XDG_DATA_HOME": self.folder, "XDG_CACHE_HOME": self.folder}
        process = subprocess.Popen(
            [self.shoal, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        log.close()
        self.processes.append(process)
        return process

    def give_profile(self, folder):
        os.makedirs(folder, exist_ok=True)
        for file in glob.glob(os.path.join(glob.escape(self.profiles), "profile-*.json")):
            shutil.copy(file, folder)

    def ask(self, prompt, tokens):
        answer = Answer(self.port, prompt, tokens)
        answer.start()
        return answer

    def expected(self, prompt, tokens):
        """What the undisturbed cluster answers, asked once."""
        key = (prompt, tokens)
        if key not in self.asked:
            self.asked[key] = self.ask(prompt, tokens).done()
        return self.asked[key]

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def post(self, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("POST", path, json.dumps(body or {}), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def cluster(self):
        return self.get("/api/cluster")[1]

    def wait_until_ready(self):
        self.wait(lambda: self.get("/health")[0] == 200, "the coordinator is not ready")

    def wait_until_connected(self):
        """All workers are there again."""
        self.wait(
            lambda: all(device["connected"] for device in self.cluster()["devices"]), "a worker is not connected again")

    def wait_for_port(self, port):
        self.wait(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close() is None, f"nothing at {port}")

    def wait(self, condition, what):
        deadline = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
                if condition():
                    return
            assert time.monotonic() < deadline, f"{what}:\n{self.log('serve')}"
            time.sleep(0.02)

    def log(self, name):
        with open(os.path.join(self.folder, name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-3000:]

    def end(self):
        for worker in self.workers:
            worker.proxy.close()
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
