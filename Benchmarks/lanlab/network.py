"""Hosts: on this machine's loopback, or network namespaces joined by an emulated switch. The latter needs root, iproute2 and a C compiler."""

import ctypes
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from . import Failure

HERE = Path(__file__).resolve().parent
CLONE_NEWNET = 0x40000000


class Loopback:
    """Hosts that differ by their ports alone."""

    name = "loopback"

    def __init__(self, count):
        self.ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        self.numbers = [port.getsockname()[1] for port in self.ports]
        for port in self.ports:
            port.close()

    def endpoint(self, host):
        return f"127.0.0.1:{self.numbers[host]}"

    def command(self, host, command):
        return command

    def connect(self, host, endpoint):
        name, _, port = endpoint.rpartition(":")
        return socket.create_connection((name, int(port)), timeout=600)

    def traffic(self, host):
        return None

    def close(self):
        pass


class EmulatedLAN:
    """`count` hosts with a cable each. `delay_us` is one way; a round trip takes twice as long and the stacks' time."""

    name = "lan"
    PORT = 7077

    def __init__(self, count, rate_mbit=1000, delay_us=150, mtu=1500):
        if os.geteuid() != 0:
            raise Failure("an emulated LAN needs root: run it with sudo, or measure on loopback with --network loopback")
        for tool in ("ip", "cc", "nsenter"):
            if not shutil.which(tool):
                raise Failure(f"'{tool}' is missing: apt install iproute2 gcc util-linux")
        self.rate_mbit, self.delay_us, self.mtu = rate_mbit, delay_us, mtu
        self.names = [f"shoal-lan-{os.getpid()}-{i + 1}" for i in range(count)]
        self.made, self.switch = [], None
        program = Path(f"/tmp/shoal-switch-{os.getpid()}")
        try:
            subprocess.run(["cc", "-O2", "-o", program, HERE / "switch.c"], check=True)
            for name in self.names:
                subprocess.run(["ip", "netns", "add", name], check=True)
                self.made.append(name)
            self.switch = subprocess.Popen([program, str(rate_mbit), str(delay_us), *self.names], stdout=subprocess.PIPE, text=True)
            if self.switch.stdout.readline().strip() != "ready":
                raise Failure("the emulated switch did not start: is /dev/net/tun there?")
            for i, name in enumerate(self.names):
                for words in (["link", "set", "lo", "up"], ["addr", "add", f"10.88.0.{i + 1}/24", "dev", "lan0"],
                              ["link", "set", "lan0", "mtu", str(mtu), "up"]):
                    subprocess.run(["ip", "-n", name, *words], check=True)
        except BaseException:
            self.close()
            raise
        finally:
            program.unlink(missing_ok=True)

    def endpoint(self, host):
        return f"10.88.0.{host + 1}:{self.PORT}"

    def command(self, host, command):
        # Not by `ip netns exec`, which mounts /sys anew: programs would not see the limits of their control groups.
        return ["nsenter", f"--net=/var/run/netns/{self.names[host]}", "--", *command]

    def connect(self, host, endpoint):
        """A connection as a program on that host would make it: a socket belongs to the namespace that it was made in."""
        library = ctypes.CDLL(None, use_errno=True)
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/var/run/netns/{self.names[host]}", os.O_RDONLY)
        try:
            if library.setns(there, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            made = socket.socket()
        finally:
            library.setns(home, CLONE_NEWNET)
            os.close(home)
            os.close(there)
        made.settimeout(600)
        name, _, port = endpoint.rpartition(":")
        made.connect((name, int(port)))
        return made

    def traffic(self, host):
        """Bytes that the host has sent and received."""
        output = subprocess.run(
            self.command(host, ["cat", "/proc/self/net/dev"]), capture_output=True, text=True, check=True).stdout
        fields = next(line for line in output.splitlines() if "lan0:" in line).split(":")[1].split()
        return {"sent": int(fields[8]), "received": int(fields[0])}

    def close(self):
        if self.switch:
            self.switch.terminate()
            self.switch.wait()
        for name in self.made:
            for attempt in range(20):
                if subprocess.run(["ip", "netns", "del", name], capture_output=True).returncode == 0:
                    break
                time.sleep(0.1)
