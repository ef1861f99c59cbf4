"""The machines of a shelf, and people at their terminals."""
import codecs
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import threading
import time
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Discovery"))
import lab
from lab import wait

COLUMNS, LINES = 80, 24
DEVICES = ["pi1", "pi2", "pi3", "pi4"]
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07")


def missing():
    """What is not there that a shelf needs; None where all is."""
    if shutil.which("cc") is None:
        return "a C compiler is not installed (Debian: gcc)"
    return lab.missing()


def width(line):
    """How many columns a terminal shows a line in."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def lines(text):
    """The lines that a terminal was given, redrawn ones each by itself, without what steers it."""
    return [CONTROL.sub("", line) for line in re.split(r"[\r\n]+", text)]


def tail(text, count=15):
    """The end of what a terminal was given, without what steers it, and without what was redrawn."""
    kept = [line for line in lines(text) if line.strip() and "█" not in line and "░" not in line]
    return "\n".join(kept[-count:])


class Terminal:
    """A command at a terminal of 80 columns."""

    def __init__(self, machine, *command, environment=None, columns=COLUMNS):
        self.command = command
        self.text = ""
        self.is_followed = False
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.master, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
        self.columns = columns
        self.process = subprocess.Popen(
            machine.command(*command), env={**machine.environment, "TERM": "xterm-256color", **(environment or {})},
            stdin=other, stdout=other, stderr=other, start_new_session=True, close_fds=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(other)
        machine.lab.processes.append(self.process)

    def read(self, seconds=0.05):
        """Takes in what was shown meanwhile; False where nothing more comes."""
        if not self.is_followed:
            return self.take(seconds)
        time.sleep(seconds)
        return self.process.poll() is None

    def follow(self):
        """Takes in all that is shown, on a thread of its own."""
        self.is_followed = True
        while self.take():
            pass

    def take(self, seconds=0.05):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += self.decoder.decode(data)
        return bool(data)

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, since=0, patience=lab.PATIENCE):
        """Waits until something is shown; gives the match."""
        deadline = time.monotonic() + patience
        while True:
            found = re.search(pattern, CONTROL.sub("", self.text[since:]))
            if found:
                return found
            if time.monotonic() > deadline or not self.read() and not re.search(pattern, CONTROL.sub("", self.text[since:])):
                raise AssertionError(f"{' '.join(self.command)} did not show \"{pattern}\":\n{tail(self.text)}")

    def end(self, patience=lab.PATIENCE):
        """Waits for the end of the command; gives its exit status."""
        deadline = time.monotonic() + patience
        while self.read():
            if time.monotonic() > deadline:
                raise AssertionError(f"{' '.join(self.command)} does not end:\n{tail(self.text)}")
            if self.process.poll() is not None and not select.select([self.master], [], [], 0)[0]:
                break
        return self.process.wait(timeout=max(1, deadline - time.monotonic()))

    def too_wide(self):
        """Lines that the terminal would have broken."""
        return [line for line in lines(self.text) if width(line) > self.columns]


class Shelf:
    """A laptop, `lap`, and four devices, which know each other by their names."""

    def __init__(self, shoal, model, captures=None):
        self.shoal, self.model = shoal, model
        self.captures = pathlib.Path(captures) if captures else None
        self.lab = lab.Lab()
        self.machines = {name: lab.Machine(self.lab, name, number, avahi=False) for number, name in enumerate(["lap", *DEVICES], 1)}
        hosts = self.lab.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{machine.address} {name}\n" for name, machine in self.machines.items()))
        for name, machine in self.machines.items():
            self.lab.inside(machine.space, "mount", "--bind", str(hosts), "/etc/hosts")
            # Each is a machine of its own.
            identity = machine.folder / "machine-id"
            identity.write_text(f"{len(name):x}{ord(name[-1]):02x}".ljust(32, "0") + "\n")
            if pathlib.Path("/etc/machine-id").exists():
                self.lab.inside(machine.space, "mount", "--bind", str(identity), "/etc/machine-id")
        self.running = {}
        self.shown = 0
        self.commands = []
        self.clock = None

    def at(self, machine, *arguments, environment=None, columns=COLUMNS):
        """A person types a command of shoal on a machine."""
        return Terminal(self.machines[machine], self.shoal, *arguments, environment=environment, columns=columns)

    def ask(self, machine, *arguments, status=0, environment=None, patience=90, may_be_wide=False):
        """The same, to its end; gives what it showed. No line is wider than the terminal."""
        terminal = self.at(machine, *arguments, environment=environment)
        ended = terminal.end(patience)
        self.capture(machine, terminal)
        assert ended == status, f"{' '.join(arguments)}: status {ended}, not {status}\n{tail(terminal.text)}"
        if not may_be_wide:
            self.fits(terminal)
        return CONTROL.sub("", terminal.text).replace("\r\n", "\n")

    def fits(self, terminal):
        wide = terminal.too_wide()
        wide = [line for line in wide if " " in line.strip()]
        assert not wide, f"{' '.join(terminal.command)} shows lines of more than {terminal.columns} columns:\n" + "\n".join(wide[:5])

    def capture(self, machine, terminal):
        if not self.captures:
            return
        self.captures.mkdir(parents=True, exist_ok=True)
        self.shown += 1
        words = [pathlib.Path(word).name for word in terminal.command]
        name = re.sub(r"[^\w.-]+", "-", " ".join(words[:4]))[:60]
        (self.captures / f"{self.shown:03}-{machine}-{name}.txt").write_text(
            f"{machine}$ {' '.join(words)}\n" + CONTROL.sub("", terminal.text).replace("\r\n", "\n"))

    def keep(self, label, terminal):
        """A command that goes on in its terminal, which shows what it is given."""
        self.running[label] = terminal
        threading.Thread(target=terminal.follow, daemon=True).start()

    def worker(self, device, *flags, environment=None):
        """Starts a device's worker, with what its data folder says."""
        terminal = self.at(device, "worker", "--threads", "1", "--memory", "512MiB", "--no-announce", *flags, environment=environment)
        self.keep(device, terminal)
        return terminal

    def join(self, device, environment=None):
        """A device asks to be let in, and the owner types its code on the laptop."""
        asking = self.at(device, "join", "lap", "--name", device, environment=environment)
        code = asking.expect(r"shoal approve ([A-Z0-9]{4}-[A-Z0-9]{4})").group(1)
        told = self.ask("lap", "approve", code)
        assert f"{device} (" in told and "has joined" in told, told
        assert asking.end() == 0, asking.text
        self.capture(device, asking)
        self.fits(asking)

    def devices(self):
        """What the owner sees of the devices, by their names."""
        result = self.machines["lap"].run(self.shoal, "devices", "--json", status=None)
        try:
            return {device["name"]: device for device in json.loads(result.stdout)["devices"]}
        except ValueError:
            return {}

    def chapters(self):
        """What happened to the cluster: the texts of its events."""
        return self.machines["lap"].run(self.shoal, "events").stdout

    def happens(self, pattern, before=""):
        """Waits until the cluster's events tell of something that they did not tell of before."""
        wait(lambda: re.search(pattern, self.chapters()[len(before):]), f"events to tell \"{pattern}\"", self.chapters)

    def cut(self, device):
        self.lab.inside(self.machines[device].space, "ip", "link", "set", "lan0", "down")

    def heal(self, device):
        self.lab.inside(self.machines[device].space, "ip", "link", "set", "lan0", "up")

    def set_clock(self, seconds):
        """The environment of a program whose clock is that much ahead."""
        if self.clock is None:
            self.clock = self.lab.folder / "clock.so"
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.clock, HERE.parent / "Chaos" / "clock.c"], check=True)
        file = self.lab.folder / f"clock-{seconds}"
        file.write_bytes(struct.pack("<q", seconds))
        return {"LD_PRELOAD": str(self.clock), "CHAOS_CLOCK": str(file)}

    def tell(self):
        """Prints the last of what those that run showed."""
        for label, terminal in self.running.items():
            terminal.read()
            print(f"-- {label}, its last lines:\n" + tail(terminal.text))

    def close(self):
        for label, terminal in self.running.items():
            terminal.read()
            self.capture(label, terminal)
        self.lab.close()
