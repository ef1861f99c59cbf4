#!/usr/bin/env python3
"""Plays a person at a terminal who talks with `shoal chat`.

usage: chat_terminal.py COLUMNS COMMAND... <SCRIPT

A line of the script is `send TEXT` (Python's escapes), `expect REGEX` (in what came since the last one that was found), `kill PID`
(SIGKILL), or `end`: the program ends, with status 0. What came is printed.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = 180


def play(columns, command, script):
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    came = ""
    at = 0

    def read(deadline):
        nonlocal came
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return False
        came += data.decode(errors="replace")
        sys.stdout.write(data.decode(errors="replace"))
        return bool(data)

    for line in script:
        order, _, argument = line.rstrip("\n").partition(" ")
        deadline = time.monotonic() + PATIENCE
        if order == "send":
            os.write(terminal, argument.encode().decode("unicode_escape").encode("latin-1"))
        elif order == "kill":
            os.kill(int(argument), signal.SIGKILL)
        elif order == "expect":
            while not (found := re.search(argument, came[at:])):
                if not read(deadline):
                    sys.exit(f"\nno /{argument}/ in: {came[at:]!r}")
            at += found.end()
        elif order == "end":
            while read(deadline):
                pass
            _, status = os.waitpid(child, 0)
            if status != 0:
                sys.exit(f"\nended with {status}")
            return
    sys.exit("\nthe script has no end")


play(int(sys.argv[1]), sys.argv[2:], sys.stdin)
