"""Workers on hosts, a coordinator on the last host, and what they say."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import Failure
from .limits import Limits
from .network import EmulatedLAN, Loopback

API_PORT = 8080


@dataclass
class Device:
    """What one worker gets."""

    threads: int = 1
    memory_bytes: int | None = None
    cores: float | None = None


class Cluster:
    """`with Cluster(...) as cluster:` starts workers; `serve` starts the coordinator. Nothing is left running or lying about after.
    A device that is None is a host without a worker.

    The coordinator is on a host of its own, the last, unless `network` is loopback, where all are one machine.
    """

    def __init__(self, shoal, devices, network="lan", folder=None, rate_mbit=1000, delay_us=150, mtu=1500):
        self.shoal, self.devices = str(shoal), devices
        self.folder = Path(tempfile.mkdtemp(prefix="shoal-lan-", dir=folder))
        self.processes = {}
        self.limits = []
        count = len(devices) + 1
        try:
            self.network = Loopback(count) if network == "loopback" else EmulatedLAN(count, rate_mbit, delay_us, mtu)
            for index, device in enumerate(devices):
                if device is None:
                    continue
                self.limits.append(Limits(f"w{index + 1}", device.memory_bytes, device.cores))
                self.start_worker(index)
            for name in list(self.processes):
                self.wait_for_text(name, "listens on")
        except BaseException:
            self.close()
            raise

    def start_worker(self, index):
        name = f"w{index + 1}"
        self.start(
            name, index, [
                "worker", "--insecure", "--name", name, "--threads", str(self.devices[index].threads), "--listen",
                self.network.endpoint(index), "--data-dir", str(self.folder / name)], self.limits[index])

    @property
    def coordinator(self):
        return len(self.devices)

    def serve(self, model, *flags, name="serve"):
        """Starts `shoal serve` and waits until it answers; how long that took, in seconds."""
        started = time.monotonic()
        named = ["--cluster", str(self.declaration())] if self.devices else []
        self.api = self.network.endpoint(self.coordinator).rpartition(":")[0] + f":{self._api_port()}"
        self.start(
            name, self.coordinator, [
                "serve", str(model), "--insecure", *named, "--listen", self.api, "--open", "--data-dir", str(self.folder / "coordinator"), *flags])
        while True:
            self.check(name)
            try:
                status, _ = self.get("/health")
                if status == 200:
                    return time.monotonic() - started
            except OSError:
                pass
            time.sleep(0.02)

    def declaration(self, count=None):
        """A cluster file that names the first devices as their workers do."""
        path = self.folder / "cluster.yaml"
        lines = [
            f"  - {{name: w{i + 1}, address: '{self.network.endpoint(i)}'}}" for i in range(len(self.devices) if count is None else count)]
        path.write_text("devices:\n" + "\n".join(lines) + "\n")
        return path

    def _api_port(self):
        if self.network.name == "lan":
            return API_PORT
        with socket.create_server(("127.0.0.1", 0)) as free:
            return free.getsockname()[1]

    def get(self, path):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = self.network.connect(self.coordinator, self.api)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, json.loads(body) if body[:1] in (b"{", b"[") else body

    def run(self, *arguments, check=True):
        """What a command prints on the coordinator's host."""
        command = self.network.command(self.coordinator, [self.shoal, *map(str, arguments)])
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=self.environment())
        if check and result.returncode != 0:
            raise Failure(f"status {result.returncode} of {' '.join(command)}:\n{result.stderr[-2000:]}")
        return result

    def start_programs(self, count, command, listening=None):
        """Starts a program that listens on each of the first hosts; gives their endpoints. `listening` is what its log says then, for a program
        that would take a connection made to try it for one of its own."""
        endpoints = [self.network.endpoint(host) for host in range(count)]
        for host, endpoint in enumerate(endpoints):
            name, _, port = endpoint.rpartition(":")
            self.start(f"program-{host}", host, command(name, port), program=[])
        for host, endpoint in enumerate(endpoints):
            if listening:
                self.wait_for_text(f"program-{host}", listening, seconds=30)
                continue
            deadline = time.monotonic() + 30
            while True:
                try:
                    self.network.connect(self.coordinator, endpoint).close()
                    break
                except OSError:
                    self.check(f"program-{host}")
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
        return endpoints

    def run_program(self, command):
        """What a program prints on the coordinator's host."""
        command = self.network.command(self.coordinator, [str(word) for word in command])
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode != 0:
            raise Failure(f"status {result.returncode} of {' '.join(command)}:\n{(result.stderr or result.stdout)[-2000:]}")
        return result.stdout

    def environment(self):
        return os.environ | {"XDG_DATA_HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder)}

    def start(self, name, host, arguments, limits=None, program=None):
        log = open(self.folder / f"{name}.log", "ab")
        command = self.network.command(host, [*([self.shoal] if program is None else program), *map(str, arguments)])
        self.processes[name] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment(),
            preexec_fn=limits.enter if limits else None)
        log.close()

    def stop(self, name):
        process = self.processes.pop(name, None)
        if process:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def check(self, name):
        process = self.processes[name]
        if process.poll() is not None:
            raise Failure(f"{name} ended with status {process.returncode}:\n{self.log(name)}")

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def wait_for_text(self, name, pattern, seconds=120):
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.log(name)):
            self.check(name)
            if time.monotonic() > deadline:
                raise Failure(f"no '{pattern}' within {seconds} s in the log of {name}:\n{self.log(name)}")
            time.sleep(0.02)

    def resident(self, name):
        """Bytes of the worker's process in memory, and how many of them are neither shared with files nor can be read again."""
        text = Path(f"/proc/{self.processes[name].pid}/status").read_text()
        fields = {key: int(value) * 1024 for key, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
        return {"most": fields["VmHWM"], "now": fields["VmRSS"], "anonymous": fields["RssAnon"]}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        for name in list(self.processes)[::-1]:
            self.stop(name)
        for limits in self.limits:
            limits.close()
        if hasattr(self, "network"):
            self.network.close()
        shutil.rmtree(self.folder, ignore_errors=True)
