"""Clocks that are set while answers are read."""
import os
import shutil
import struct
import subprocess

from lab import Skipped


def jump(play):
    """The clock of a worker, or of the coordinator, is set forth and back by hours: nobody is taken for lost, nothing waits for it."""
    lab = play.lab
    offset = os.path.join(lab.folder, "clock")
    set_clock(offset, 0)
    environment = {"LD_PRELOAD": library(lab), "CHAOS_CLOCK": offset}
    victim = play.random.choice([None, *lab.holders()])
    lab.end_coordinator()
    if victim:
        victim.kill()
        victim.environment = environment
        victim.start()
        lab.wait_for_port(victim.port)
    else:
        lab.environment = environment
    try:
        lab.serve_again()
        epoch, answers = lab.epoch, play.ask()
        for hours in (play.random.randint(1, 100), -play.random.randint(1, 100), 0):
            play.wait_for_events(answers, play.random.randint(1, 130) + sum(len(answer.times) for answer in answers))
            set_clock(offset, hours)
        play.note(f"clock of {victim.name if victim else 'the coordinator'} set")
        play.check(answers)
        assert lab.epoch == epoch, f"a set clock was taken for a loss: epoch {epoch} became {lab.epoch}"
    finally:
        if victim:
            victim.environment = {}
        lab.environment = {}


def library(lab):
    compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    if not compiler:
        raise Skipped("clocks are set by a library that needs a C compiler")
    path = os.path.join(lab.folder, "clock.so")
    source = os.path.join(os.path.dirname(os.path.realpath(__file__)), "clock.c")
    subprocess.run([compiler, "-O", "-shared", "-fPIC", "-o", path, source], check=True)
    return path


def set_clock(file, hours):
    mode = "r+b" if os.path.exists(file) else "wb"
    with open(file, mode) as bytes_:
        bytes_.write(struct.pack("=q", hours * 3600))
