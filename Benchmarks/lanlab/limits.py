"""Control groups that hold a process to a memory size and a share of a processor (versions 1 and 2). Needs root."""

import os
from pathlib import Path

from . import Failure

ROOT = Path("/sys/fs/cgroup")
# What a group may use at a time, the least there is: so a share of a core is nearly a slower core, also for work of a few milliseconds.
QUOTA_US = 1_000


class Limits:
    """A control group of its own for one process and what it starts. None of the limits: no group."""

    made = 0

    def __init__(self, name, memory_bytes=None, cores=None):
        self.memory_bytes, self.cores = memory_bytes, cores
        self.folders = []
        if memory_bytes is None and cores is None:
            return
        Limits.made += 1
        name = f"shoal-{os.getpid()}-{Limits.made}-{name}"
        quota = QUOTA_US * max(1, int(cores or 1))
        try:
            if (ROOT / "cgroup.controllers").exists():
                folder = self._make(ROOT / name)
                if memory_bytes is not None:
                    (folder / "memory.max").write_text(str(memory_bytes))
                    if (folder / "memory.swap.max").exists():
                        (folder / "memory.swap.max").write_text("0")
                if cores is not None:
                    (folder / "cpu.max").write_text(f"{quota} {int(quota / cores)}")
                self.memory = folder
            else:
                if memory_bytes is not None:
                    self.memory = self._make(ROOT / "memory" / name)
                    (self.memory / "memory.limit_in_bytes").write_text(str(memory_bytes))
                if cores is not None:
                    folder = self._make(ROOT / "cpu" / name)
                    (folder / "cpu.cfs_period_us").write_text(str(int(quota / cores)))
                    (folder / "cpu.cfs_quota_us").write_text(str(quota))
        except OSError as error:
            self.close()
            raise Failure(f"a control group cannot be made ({error}): limits need root and cgroups with memory and cpu") from None

    def _make(self, folder):
        folder.mkdir()
        self.folders.append(folder)
        return folder

    def enter(self):
        """Called in the child before it becomes the program."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def most_memory(self):
        """The most memory that the group's processes held, page cache included; None without a limit."""
        if self.memory_bytes is None:
            return None
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            if (self.memory / name).exists():
                return int((self.memory / name).read_text())
        return None

    def killed(self):
        """How often the system ended a process of the group for want of memory."""
        if self.memory_bytes is None:
            return 0
        for name in ("memory.events", "memory.oom_control"):
            if (self.memory / name).exists():
                fields = dict(line.split() for line in (self.memory / name).read_text().splitlines())
                return int(fields.get("oom_kill", 0))
        return 0

    def close(self):
        for folder in self.folders:
            try:
                folder.rmdir()
            except OSError:
                pass
        self.folders = []
