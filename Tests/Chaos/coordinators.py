"""A coordinator that dies, starts again, ends, or is not alone."""
import contextlib
import glob
import os
import signal
import sqlite3
import threading
import time

from answers import DEADLINE
from lab import free_ports

# Bytes to the workers that cannot have been a shard, whose least is 2 MB.
NO_SHARD = 1_000_000
# Seconds, against hanging: not what is hoped for.
LIMIT = 15


def inward_bytes(lab):
    return sum(worker.cable.inward_bytes for worker in lab.workers)


def loads(lab):
    return sum(worker.log.count("stage loaded") for worker in lab.workers)


def start_again(play):
    """What was killed left a database that is whole, and starts again."""
    for path in glob.glob(os.path.join(glob.escape(play.lab.data), "*.sqlite")):
        with contextlib.closing(sqlite3.connect(path)) as database:
            state = database.execute("PRAGMA integrity_check").fetchall()
        assert state == [("ok",)], f"{path}: {state}"
    seconds = play.lab.serve_again()
    play.note(f"ready {seconds:.2f} s after the next start")
    assert seconds < LIMIT, f"ready after {seconds:.2f} s"


def kill_coordinator(lab):
    lab.coordinator.kill()
    lab.coordinator.wait()


def restart(play):
    """Killed at a random moment of serving, with all workers loaded: ready again at once, and nothing is sent or loaded again."""
    lab, answers = play.lab, play.ask()
    play.wait_for_moment(answers)
    kill_coordinator(lab)
    for answer in answers:
        answer.join(DEADLINE)
    sent, loaded = inward_bytes(lab), loads(lab)
    start_again(play)
    assert inward_bytes(lab) - sent < NO_SHARD, f"{inward_bytes(lab) - sent} bytes went to the workers"
    assert loads(lab) == loaded, f"{loads(lab) - loaded} stages were loaded again"
    play.check(play.ask())


def kill_while_placing(play):
    """Killed at a random moment of its first start, while shards are sent."""
    lab = play.lab
    empty(lab)
    lab.serve_again(wait=False)
    seconds = play.random.uniform(0, 1.5)
    time.sleep(seconds)
    kill_coordinator(lab)
    play.note(f"killed {seconds:.2f} s after the start")
    start_again(play)
    play.check(play.ask())


def kill_while_moving(play):
    """Killed at a random moment of a move of layers."""
    lab, answers, drained = play.lab, play.ask(), play.victim()
    play.wait_for_moment(answers)
    moving = threading.Thread(target=attempt, args=(lambda: lab.post("/api/devices/drain", {"device": drained.device}),))
    moving.start()
    seconds = play.random.uniform(0, 0.5)
    time.sleep(seconds)
    kill_coordinator(lab)
    moving.join()
    play.note(f"killed {seconds:.2f} s into a move")
    start_again(play)
    play.check(play.ask())


def kill_with_lost_worker(play):
    """A worker dies with the coordinator."""
    lab, answers, victim = play.lab, play.ask(), play.victim()
    play.wait_for_moment(answers)
    kill_coordinator(lab)
    victim.kill()
    victim.start()
    lab.wait_for_port(victim.port)
    play.note(f"{victim.name} started again too")
    start_again(play)
    play.check(play.ask())


def restart_without_spare(play):
    """A device that joined, and holds nothing, is away: neither a start nor a recovery waits for it."""
    lab, spare = play.lab, play.lab.workers[-1]
    spare.cut()
    kill_coordinator(lab)
    start_again(play)
    seconds = float(play.notes[-1].split()[1])
    assert seconds < 3, f"ready after {seconds:.2f} s"
    time.sleep(play.random.uniform(0, 6))
    answers, victim = play.ask(), play.victim()
    play.wait_for_events(answers, play.random.randint(8, 200))
    victim.kill()
    play.note(f"{victim.name} killed while {spare.name} is away")
    play.check(answers)


def terminate(play):
    """SIGTERM: running answers are finished."""
    lab, answers = play.lab, play.ask()
    play.wait_for_events(answers, play.random.randint(200, 400))
    began = time.monotonic()
    lab.coordinator.send_signal(signal.SIGTERM)
    play.check(answers)
    status = lab.coordinator.wait(LIMIT)
    play.note(f"ended {time.monotonic() - began:.2f} s after SIGTERM")
    assert status == 0, f"exit status {status}"
    lab.serve_again()


def same_folder(play):
    """A second coordinator with the same data folder is refused, and told the mend."""
    lab, answers = play.lab, play.ask()
    [port] = free_ports(1)
    second = lab.start("second", *with_port(lab.arguments, port))
    assert second.wait(LIMIT) == 1, f"exit status {second.returncode}"
    log = lab.log("second")
    assert "another coordinator runs with the data folder" in log and "--data-dir" in log, log
    play.check(answers)


def other_folder(play):
    """A second coordinator with a folder of its own on the same workers: both answer as one does alone."""
    lab, answers = play.lab, play.ask()
    [port] = free_ports(1)
    arguments = with_port(lab.arguments, port)
    arguments[arguments.index("--data-dir") + 1] = os.path.join(lab.folder, "second coordinator")
    second = lab.start("second", *arguments)
    first_port = lab.port
    try:
        lab.port = port
        lab.wait(
            lambda: second.poll() is not None or lab.get("/health")[0] == 200, "the second coordinator is not ready")
        assert second.poll() is None, f"exit status {second.returncode}: {lab.log('second')[-1000:]}"
        others = play.ask()
        play.check(answers + others)
    finally:
        lab.port = first_port
        second.kill()
        second.wait()
    play.check(play.ask())


def with_port(arguments, port):
    arguments = list(arguments)
    arguments[arguments.index("--listen") + 1] = f"127.0.0.1:{port}"
    return arguments


def empty(lab):
    """Ends the coordinator, and has the workers start without any shard."""
    lab.end_coordinator()
    for worker in lab.workers:
        worker.kill()
        worker.empty()
        worker.start()
    for worker in lab.workers:
        lab.wait_for_port(worker.port)


def attempt(action):
    try:
        action()
    except Exception:  # The coordinator was killed meanwhile.
        pass
