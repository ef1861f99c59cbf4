"""A cluster of real processes on loopback that can be hurt: workers on cables, a coordinator, and readers."""
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
import time

from answers import DEADLINE, Answer
from proxy import Network

LAYERS = 30


def free_ports(count):
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


class Skipped(Exception):
    """What a scenario needs is not here."""


class Worker:
    """A worker's process, on a cable."""

    def __init__(self, lab, name, port, folder=None, flags=()):
        self.lab, self.name, self.port, self.flags = lab, name, port, flags
        self.folder = folder or os.path.join(lab.folder, name)
        self.environment = {}
        lab.give_profile(self.folder)
        self.process = None
        self.cable, port = lab.network.attach(self.port, lambda: self.process.pid if self.process else 0)
        self.address = f"127.0.0.1:{port}"
        self.start()

    def start(self):
        self.process = self.lab.start(
            self.name, "worker", "--listen", f"127.0.0.1:{self.port}", "--name", self.name, "--threads", "1",
            "--data-dir", self.folder, "--insecure", *self.flags, environment=self.environment)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def cut(self, inward=True, outward=True):
        """Nothing passes the cable any more, and nobody is told."""
        if inward:
            self.cable.inward = False
        if outward:
            self.cable.outward = False

    def mend(self, resets=True):
        """As if nothing had been: runs, and can be reached."""
        self.lab.network.mend(self.cable, resets)
        if self.process.poll() is None:
            self.go_on()
        else:
            self.start()

    def files(self, suffix):
        """What it keeps on its disk: `.gguf` for the shards, `.packed` for their packed forms."""
        return sorted(glob.glob(os.path.join(glob.escape(self.folder), "**", "*" + suffix), recursive=True))

    def empty(self):
        """Forgets all but its profile; it must not run."""
        shutil.rmtree(self.folder)
        self.lab.give_profile(self.folder)

    @property
    def log(self):
        return self.lab.log(self.name)


class Lab:
    """`with Lab(shoal, model, workers=5) as lab:`; nothing is left after. `serve` starts coordinators on it, one after the other."""

    def __init__(self, shoal, model, workers=5, profiles=None):
        self.shoal, self.model, self.count, self.profiles = shoal, model, workers, profiles
        self.coordinator, self.used, self.environment = None, 0, {}

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="shoal-chaos-"))
        self.processes, self.workers = [], []
        self.network = Network()
        self.stack.callback(self.end)
        try:
            *ports, self.port = free_ports(self.count + 1)
            for index, port in enumerate(ports):
                self.workers.append(Worker(self, f"w{index + 1}", port))
            for worker in self.workers:
                self.wait_for_port(worker.port)
            self.data = os.path.join(self.folder, "coordinator")
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def serve(self, used=4, flags=(), workers=None, wait=True):
        """Starts a coordinator: the first `used` workers have equal shares, so that it is known who has what; the others nothing."""
        workers = self.workers if workers is None else workers
        self.used = used
        self.arguments = [
            "serve", self.model, "--listen", f"127.0.0.1:{self.port}", "--context", "1024", "--slots", "8",
            "--kv-tokens", "4096", "--threads", "1", "--data-dir", self.data, "--insecure", "--rebalance-gain", "0",
            *(flag for worker in workers for flag in ("--worker", worker.address)), *pins(workers[:used]), *flags]
        return self.serve_again(wait)

    def serve_again(self, wait=True):
        """Starts the coordinator with what it was started with before; returns the seconds until it was ready."""
        self.stamp("starts")
        began = time.monotonic()
        self.coordinator = self.start("serve", *self.arguments, environment=self.environment)
        if wait:
            self.wait_until_ready()
            self.stamp("ready")
        return time.monotonic() - began

    def end_coordinator(self):
        """At once, and for good: what was placed is forgotten, the links' speeds are not."""
        if self.coordinator and self.coordinator.poll() is None:
            self.coordinator.terminate()
            self.coordinator.wait(DEADLINE)
        for file in glob.glob(os.path.join(glob.escape(self.data), "*.sqlite*")):
            os.remove(file)

    def start(self, name, *arguments, environment={}):
        with open(self.log_path(name), "ab") as log:
            process = subprocess.Popen(
                [self.shoal, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | {"XDG_DATA_HOME": self.folder, "XDG_CACHE_HOME": self.folder} | environment)
        self.processes.append(process)
        return process

    def give_profile(self, folder):
        os.makedirs(folder, exist_ok=True)
        for file in glob.glob(os.path.join(glob.escape(self.profiles), "profile-*.json")) if self.profiles else []:
            shutil.copy(file, folder)

    @contextlib.contextmanager
    def another_worker(self, name, folder=None, flags=()):
        """One more, for a scenario; the coordinator is ended after it."""
        [port] = free_ports(1)
        worker = Worker(self, name, port, folder, flags)
        self.workers.append(worker)
        try:
            self.wait_for_port(port)
            yield worker
        finally:
            self.workers.remove(worker)
            self.end_coordinator()
            worker.kill()

    def serve_as(self, configuration):
        """Starts the coordinator that a configuration has, on workers that all run."""
        for worker in self.workers:
            worker.mend()
            self.wait_for_port(worker.port)
        self.serve(configuration.used, configuration.flags, self.workers[:configuration.workers])

    def worker(self, address):
        return next(worker for worker in self.workers if worker.address == address)

    def holders(self):
        """The workers that hold layers now."""
        return [self.worker(stage["device"]) for stage in self.cluster()["stages"] if stage["device"] != "coordinator"]

    def restore(self):
        """All is well again: every worker runs, is connected and has its share."""
        for worker in self.workers:
            worker.mend()
        self.wait_until_ready()
        self.wait_until_connected()
        if self.holders() != self.workers[:self.used]:
            # What is as fast stays as it is: from the beginning, then.
            self.end_coordinator()
            self.serve_again()

    def ask(self, prompt, **options):
        answer = Answer(self.port, prompt, **options)
        answer.start()
        return answer

    def get(self, path, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
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

    @property
    def epoch(self):
        return self.cluster()["epoch"]

    def wait_until_ready(self):
        def is_ready():
            assert self.coordinator.poll() is None, f"the coordinator ended with status {self.coordinator.returncode}"
            return self.get("/health", timeout=5)[0] == 200

        self.wait(is_ready, "the coordinator is not ready")

    def wait_until_connected(self):
        """All workers are there again."""
        self.wait(
            lambda: all(device["connected"] for device in self.cluster()["devices"]), "a worker is not connected again")

    def wait_for_port(self, port):
        self.wait(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close() is None, f"nothing at {port}")

    def wait(self, condition, what, seconds=DEADLINE):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
                if condition():
                    return
            assert time.monotonic() < deadline, what
            time.sleep(0.01)

    def log_path(self, name):
        return os.path.join(self.folder, name + ".log")

    def log(self, name):
        with open(self.log_path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def stamp(self, text):
        """A line of its own in the coordinator's log, which has no times."""
        with open(self.log_path("serve"), "a") as file:
            file.write(f"--- {time.strftime('%H:%M:%S')} {text}\n")

    def keep_logs(self, folder):
        os.makedirs(folder, exist_ok=True)
        for file in glob.glob(os.path.join(glob.escape(self.folder), "*.log")):
            shutil.copy(file, folder)

    def end(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self.network.close()


def pins(workers):
    bounds = [LAYERS * index // len(workers) for index in range(len(workers) + 1)] if workers else []
    return [
        flag for worker, first, end in zip(workers, bounds, bounds[1:])
        for flag in ("--pin", f"{first}-{end - 1}={worker.address}")]
