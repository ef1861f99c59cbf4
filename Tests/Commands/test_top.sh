# `top` draws the cluster on a terminal of any size, and gives it back as it was, however it ends; without one it refuses.
start_workers 1
start_serve "${worker_flags[@]}"
expect_exit 1 "$shoal" top --server "$url"
expect_text "$work/err" 'terminal' 'status --json'
python3 - "$shoal" "$url" "w${ports[0]}" <<'PYTHON'
import fcntl, os, pty, select, signal, struct, sys, termios, time

shoal, url, worker = sys.argv[1:]
TAKEN, GIVEN = b"\x1b[?1049h", b"\x1b[?1049l"


class Top:
    """One run, on a terminal of some size."""

    def __init__(self, columns, rows, **environment):
        self.text = b""
        self.terminal, self.line = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.line)
        self.pid = os.fork()
        if self.pid == 0:
            os.login_tty(self.line)
            os.environ.update(TERM="xterm", **environment)
            os.execv(shoal, [shoal, "top", "--server", url])

    def resize(self, columns, rows):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, wanted):
        deadline = time.monotonic() + 180
        while not wanted(self.text):
            assert time.monotonic() < deadline, self.text[-2000:]
            if select.select([self.terminal], [], [], 1)[0]:
                self.text += os.read(self.terminal, 1 << 16)

    def end(self):
        self.until(lambda text: GIVEN in text)
        assert self.text.count(TAKEN) == 1 and b"\x1b[?25h" in self.text.split(GIVEN)[0][-40:]
        _, status = os.waitpid(self.pid, 0)
        assert termios.tcgetattr(self.line)[3] == self.before[3]
        return status


def frame(text):
    """The lines of the last whole frame."""
    whole = text.rsplit(b"\x1b[?2026l", 1)[0].rsplit(b"\x1b[?2026h\x1b[H", 1)[-1].decode()
    return [line.rstrip("\r") for line in whole.split("\n")]


top = Top(100, 30, NO_COLOR="1")
top.until(lambda text: worker.encode() in text and b"placed in" in text and text.count(b"\x1b[?2026l") >= 2)
lines = frame(top.text)
assert len(lines) == 30 and all(len(line) == 100 for line in lines), lines
assert "\x1b" not in "".join(lines)
assert any("layers" in line and "GiB" in line for line in lines), lines
top.resize(60, 20)
top.until(lambda text: len(frame(text)) == 20 and all(len(line) == 60 for line in frame(text)))
os.write(top.terminal, b"q")
assert os.waitstatus_to_exitcode(top.end()) == 0

top = Top(80, 24)
top.until(lambda text: b"\x1b[32m" in text)
os.write(top.terminal, b"\x03")
assert os.waitstatus_to_exitcode(top.end()) == 0

top = Top(80, 24)
top.until(lambda text: b"answers" in text)
os.kill(top.pid, signal.SIGTERM)
status = top.end()
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM, status
PYTHON
