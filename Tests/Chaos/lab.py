"""A cluster of real processes on loopback that can be hurt: workers on cables, a coordinator, and readers."""
import contextlib
import glob
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
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

    def __init__(self, lab, name, port, folder=None, flags=(), program=None):
        self.lab, self.name, self.port, self.flags, self.program = lab, name, port, flags, program or lab.shoal
        self.folder = folder or os.path.join(lab.folder, name)
        self.environment = {}
        lab.give_profile(self.folder)
        self.process = None
        self.cable, port = lab.network.attach(self.port, lambda: self.process.pid if self.process else 0)
        self.address = f"127.0.0.1:{port}"
        # What the coordinator calls it.
        self.device = name
        if not lab.is_closed:
            self.start()

    def start(self, environment={}):
        self.process = self.lab.start(
            self.name, "worker", "--listen", f"127.0.0.1:{self.port}", "--name", self.name, "--threads", "1",
            "--data-dir", self.folder, *self.lab.link_flags, *self.flags, environment=self.environment | environment,
            program=self.program)

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
        """Forgets all but its profile and who it is; it must not run."""
        for entry in os.scandir(self.folder):
            if entry.name != "identity":
                shutil.rmtree(entry) if entry.is_dir() else os.remove(entry)
        self.lab.give_profile(self.folder)

    @property
    def log(self):
        return self.lab.log(self.name)


class Lab:
    """`with Lab(shoal, model, workers=5) as lab:`; nothing is left after. `serve` starts coordinators on it, one after the other."""

    def __init__(self, shoal, model, workers=5, profiles=None, is_closed=False, programs=None):
        """`is_closed`: the workers joined a cluster, and all links are TLS. `programs`: what each worker runs, else `shoal`."""
        self.programs = programs or [shoal] * workers
        self.shoal, self.model, self.count, self.profiles = shoal, model, workers, profiles
        self.is_closed, self.link_flags = is_closed, [] if is_closed else ["--insecure"]
        self.coordinator, self.used, self.environment = None, 0, {}

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="shoal-chaos-"))
        self.processes, self.workers = [], []
        self.network = Network()
        self.stack.callback(self.end)
        try:
            *ports, self.port, self.join_port = free_ports(self.count + 2)
            self.data = os.path.join(self.folder, "coordinator")
            for index, port in enumerate(ports):
                self.workers.append(Worker(self, f"w{index + 1}", port, program=self.programs[index]))
            if self.is_closed:
                self.join()
            for worker in self.workers:
                self.wait_for_port(worker.port)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def join(self):
        """Makes a cluster that all workers join; the coordinator is to reach each of them over its cable."""
        subprocess.run([self.shoal, "init", "--data-dir", self.data], check=True, stdout=subprocess.DEVNULL)
        join = f"127.0.0.1:{self.join_port}"
        self.coordinator = self.start(
            "serve", "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir", self.data, "--join-listen", join)
        self.wait_for_port(self.join_port)
        for worker in self.workers:
            token = subprocess.run(
                [self.shoal, "token", "--data-dir", self.data, "--address", join], check=True, capture_output=True, text=True)
            worker.start({"SHOAL_JOIN": token.stdout.strip()})
        self.wait(lambda: self.log("serve").count("device joined") == self.count, "a worker has not joined")
        self.coordinator.terminate()
        self.coordinator.wait(DEADLINE)
        # From now on there is nobody who is told the workers' own addresses.
        [self.join_port] = free_ports(1)
        with self.database() as database:
            for worker in self.workers:
                database.execute("UPDATE member SET address = ? WHERE name = ?", (worker.address, worker.name))

    @contextlib.contextmanager
    def database(self):
        """What the coordinator keeps, while it does not run."""
        with contextlib.closing(sqlite3.connect(os.path.join(self.data, "cluster.sqlite"))) as database, database:
            yield database

    def serve(self, used=4, flags=(), workers=None, wait=True):
        """Starts a coordinator: the first `used` workers have equal shares, so that it is known who has what; the others nothing."""
        workers = self.workers if workers is None else workers
        self.used = used
        self.arguments = [
            "serve", self.model, "--listen", f"127.0.0.1:{self.port}", "--context", "1024", "--slots", "8",
            "--kv-tokens", "4096", "--threads", "1", "--data-dir", self.data, *self.link_flags,
            *self.device_flags(workers), *pins(workers[:used]), *flags]
        # What is placed stays there until a scenario moves it.
        if "--rebalance-gain" not in flags:
            self.arguments += ["--rebalance-gain", "0"]
        return self.serve_again(wait)

    def device_flags(self, workers):
        if self.is_closed:
            return ["--join-listen", f"127.0.0.1:{self.join_port}"]
        return [flag for worker in workers for flag in ("--worker", worker.address)]

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
        if os.path.exists(os.path.join(self.data, "cluster.sqlite")):
            with self.database() as database:
                database.execute("DELETE FROM placement")

    def start(self, name, *arguments, environment={}, program=None):
        with open(self.log_path(name), "ab") as log:
            process = subprocess.Popen(
                [program or self.shoal, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
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

    def worker(self, device):
        return next(worker for worker in self.workers if worker.device == device)

    def holders(self):
        """The workers that hold layers now."""
        return [self.worker(stage["device"]) for stage in self.cluster()["stages"] if stage["device"] != "coordinator"]

    def restore(self):
        """All is well again: every worker runs, is connected and has its share."""
        for worker in self.workers:
            worker.mend()
        self.wait_until_ready()
        self.wait_until_connected()
        if self.used and self.holders() != self.workers[:self.used]:
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
        for flag in ("--pin", f"{first}-{end - 1}={worker.device}")]
