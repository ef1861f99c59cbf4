"""Machines on one network: namespaces with a message bus and an avahi-daemon of their own, joined by a bridge."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TOOLS = ("ip", "unshare", "nsenter", "dbus-daemon", "avahi-daemon", "curl")
# Seconds until something that comes soon has come.
PATIENCE = 30

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
</policy></busconfig>
"""
DAEMON = """[server]
host-name={name}
use-ipv4=yes
use-ipv6=yes
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
"""


def missing():
    """What is not there that a lab needs; None where all is."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for tool in TOOLS:
        if shutil.which(tool, path=path) is None:
            return f"{tool} is not installed (Debian: iproute2, util-linux, dbus-daemon, avahi-daemon)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    trial = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", "mount -t sysfs sysfs /sys && ip link add one type veth peer name other"],
        capture_output=True, text=True)
    return None if trial.returncode == 0 else f"no namespaces may be made here: {trial.stderr.strip()}"


def run(*command, check=True):
    return subprocess.run(command, check=check, capture_output=True, text=True)


class Lab:
    """A switch, and the machines at it; all in namespaces without a name, which end with the processes in them."""

    def __init__(self):
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="shoal-lab-"))
        self.processes = []
        self.machines = []
        self.switch = self.namespace()
        self.inside(self.switch, "ip", "link", "add", "switch", "type", "bridge")
        self.inside(self.switch, "ip", "link", "set", "switch", "up")

    def namespace(self):
        """A process that keeps a network and a mount namespace."""
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", "mount -t sysfs sysfs /sys && ip link set lo up && echo ready && exec sleep infinity"],
            stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        assert process.stdout.readline() == "ready\n", "no namespace"
        return process

    @staticmethod
    def entry(namespace):
        return ["nsenter", "--target", str(namespace.pid), "--net", "--mount"]

    def inside(self, namespace, *command):
        return run(*self.entry(namespace), *command)

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Machine:
    """A machine at the switch with the address 10.77.0.NUMBER, and a bridge of containers at 172.17.0.1 as a docker0 is."""

    def __init__(self, lab, name, number, avahi=True):
        self.lab, self.name, self.address = lab, name, f"10.77.0.{number}"
        self.folder = lab.folder / name
        self.folder.mkdir()
        self.space = lab.namespace()
        self.started = {}
        lab.inside(lab.switch, "ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", "lan0", "netns", str(self.space.pid))
        lab.inside(lab.switch, "ip", "link", "set", f"port{number}", "master", "switch", "up")
        for command in (
            f"link set lan0 up", f"address add {self.address}/24 dev lan0",
            "link add docker0 type bridge", "address add 172.17.0.1/16 dev docker0",
            "link add inside type veth peer name outside", "link set outside master docker0 up", "link set inside up", "link set docker0 up",
        ):
            lab.inside(self.space, "ip", *command.split())
        self.environment = {
            **os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus", "HOME": str(self.folder),
            "XDG_DATA_HOME": f"{self.folder}/data", "XDG_CACHE_HOME": f"{self.folder}/cache"}
        # Avahi keeps its pid and socket here, each machine its own.
        lab.inside(self.space, "mount", "-t", "tmpfs", "tmpfs", "/run")
        (self.folder / "bus.conf").write_text(BUS.format(socket=self.folder / "bus"))
        (self.folder / "avahi.conf").write_text(DAEMON.format(name=name))
        if avahi:
            self.start_bus()
            self.start_avahi()
        lab.machines.append(self)

    def start_bus(self):
        self.start("bus", "dbus-daemon", f"--config-file={self.folder}/bus.conf", "--nofork", "--nopidfile")
        wait(lambda: (self.folder / "bus").exists(), "the message bus")

    def start_avahi(self):
        self.start("avahi", "avahi-daemon", "-f", str(self.folder / "avahi.conf"), "--no-drop-root", "--no-chroot", "--no-rlimits")
        self.expect("avahi", "Server startup complete")

    def kill(self, label):
        process = self.started[label]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def kill_bus(self):
        self.kill("bus")
        (self.folder / "bus").unlink(missing_ok=True)

    def kill_avahi(self):
        self.kill("avahi")
        self.lab.inside(self.space, "sh", "-c", "rm -f /run/avahi-daemon/pid")

    def command(self, *command):
        return [*self.lab.entry(self.space), "--wdns=" + str(self.folder), *command]

    def start(self, label, *command, text=None):
        """Starts a process, whose output goes to LABEL.log."""
        log = open(self.folder / f"{label}.log", "w")
        process = subprocess.Popen(
            self.command(*command), env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL, text=True)
        if text is not None:
            process.stdin.write(text)
            process.stdin.close()
        self.lab.processes.append(process)
        self.started[label] = process
        return process

    def stop(self, label):
        self.started[label].terminate()
        self.started[label].wait(timeout=PATIENCE)

    def log(self, label):
        return (self.folder / f"{label}.log").read_text(errors="replace")

    def expect(self, label, text):
        wait(lambda: text in self.log(label), f"{label} of {self.name} to say \"{text}\"", lambda: self.log(label))

    def service_socket(self):
        """Has processes that start from now on say when they are ready, as systemd does; gives what waits for the next such word."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.settimeout(PATIENCE)
        listener.bind(str(self.folder / "notify"))
        self.environment["NOTIFY_SOCKET"] = str(self.folder / "notify")
        return lambda: listener.recv(4096).decode()

    def listening_ports(self):
        """The TCP ports that programs of this machine listen on (proc_pid_net(5): state 0A)."""
        rows = [line.split() for line in self.run("cat", "/proc/net/tcp", "/proc/net/tcp6").stdout.splitlines()]
        return sorted(int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == "0A")

    def run(self, *command, status=0, text=""):
        """Runs a command to its end, with a text to read; gives its output."""
        result = subprocess.run(self.command(*command), env=self.environment, capture_output=True, text=True, timeout=120, input=text)
        if status is not None and result.returncode != status:
            raise AssertionError(f"{' '.join(command)}: status {result.returncode}\n{result.stdout}{result.stderr}")
        return result


def wait(condition, what, more=lambda: ""):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}\n{more()}")
        time.sleep(0.05)
