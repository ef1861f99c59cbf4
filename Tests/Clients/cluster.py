"""Starts workers and `shoal serve` on free ports of loopback, for the tests of this folder."""
import atexit
import contextlib
import functools
import glob
import os
import shutil
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


@functools.cache
def profile_folder():
    """A folder with this device's profile, so that not every worker of every test measures it."""
    folder = tempfile.mkdtemp(prefix="shoal profile ")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run([SHOAL, "worker", "--profile", "--data-dir", folder], check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE)
    return folder


class Cluster:
    """`with Cluster() as cluster:` starts workers and, unless told otherwise, a coordinator that serves the default model.

    `pins` says which layers go to which worker, by its number: ("0-9", 0); `worker_flags` go to each worker's command, and `worker_group` is
    the folder of the control group that workers run in. `cluster.url` is the API's address, `cluster.worker_flags` names the workers to a
    command, `cluster.folder` is for files. Nothing is left running or lying about after.
    """

    def __init__(self, context=2048, workers=3, serve=True, pins=(), worker_flags=(), worker_group=None):
        self.context = context
        self.pins = pins
        self.workers = workers
        self.serve = serve
        self.own_flags = worker_flags
        self.worker_group = worker_group

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="shoal clients "))
        self.processes = []
        self.stack.callback(self.stop)
        try:
            *worker_ports, port = free_ports(self.workers + 1)
            self.url = f"http://127.0.0.1:{port}"
            self.give_profile(os.path.join(self.folder, "shoal", "profiles"))
            for number in worker_ports:
                self.give_profile(os.path.join(self.folder, f"data-{number}"))
                self.start(f"worker-{number}", "worker", "--listen", f"127.0.0.1:{number}",
                    "--data-dir", os.path.join(self.folder, f"data-{number}"), "--insecure", *self.own_flags)
            self.worker_flags = [flag for number in worker_ports for flag in ("--worker", f"127.0.0.1:{number}")]
            for number in worker_ports:
                self.wait_for_port(number)
            if self.serve:
                pins = [flag for layers, number in self.pins for flag in ("--pin", f"{layers}=127.0.0.1:{worker_ports[number]}")]
                self.start(
                    "serve", "serve", MODEL, "--listen", f"127.0.0.1:{port}", "--context", str(self.context),
                    "--insecure", *self.worker_flags, *pins)
                self.wait_for_health(self.url)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def give_profile(self, folder):
        os.makedirs(folder, exist_ok=True)
        for file in glob.glob(os.path.join(glob.escape(profile_folder()), "profile-*.json")):
            shutil.copy(file, folder)

    def run(self, *arguments):
        """What a command prints; it must succeed."""
        result = subprocess.run([SHOAL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)
        if result.returncode != 0:
            raise AssertionError(f"status {result.returncode} of {arguments}:\n{result.stderr[-2000:]}")
        return result.stdout

    def start(self, name, *arguments):
        log = open(os.path.join(self.folder, name + ".log"), "wb")
        command = [SHOAL, *arguments]
        # What it keeps where it is not told.
        environment = os.environ | {"XDG_DATA_HOME": self.folder, "XDG_CACHE_HOME": self.folder}
        group = self.worker_group if name.startswith("worker") else None

        def enter_group():
            with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            preexec_fn=enter_group if group else None)
        log.close()
        self.processes.append((name, process))

    def process(self, name):
        """What was started under a name."""
        return dict(self.processes)[name]

    def wait_for_port(self, port):
        self.wait(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close())

    def wait_for_health(self, url):
        self.wait(lambda: urllib.request.urlopen(url + "/health", timeout=5).close())

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
