"""Disks that are full or damaged, and shards that do not arrive."""
import contextlib
import os
import shutil
import subprocess
import time

from coordinators import LIMIT, empty
from lab import Skipped, pins

# More than a shard, less than a share.
DISK = "8m"


@contextlib.contextmanager
def worker_with_small_disk(lab):
    folder = os.path.join(lab.folder, "small disk")
    os.makedirs(folder)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", folder]
    if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        raise Skipped("a small disk can only be mounted by root")
    try:
        with lab.another_worker("small", os.path.join(folder, "data")) as worker:
            yield worker
    finally:
        subprocess.run(["umount", folder], check=True)
        os.rmdir(folder)


def full_disk_of_spare(play):
    """Who would get the layers of a lost worker has no room on its disk: another gets them."""
    lab = play.lab
    with worker_with_small_disk(lab) as small:
        lab.end_coordinator()
        lab.serve(4, workers=lab.workers[:4] + [small])
        answers, victim = play.ask(), play.victim()
        play.wait_for_moment(answers)
        victim.kill()
        play.note(f"{victim.name} killed, {DISK} of disk on the spare")
        play.check(answers)
        assert small.process.poll() is None, f"the worker with the full disk ended with status {small.process.returncode}"
    lab.serve_as(play.configuration)


def full_disk_at_start(play):
    """A share that finds no room on a disk: the coordinator says so, and the worker goes on."""
    lab = play.lab
    with worker_with_small_disk(lab) as small:
        lab.end_coordinator()
        serving = lab.arguments[:lab.arguments.index("--worker")]
        process = lab.start("full", *serving, "--worker", small.address, *pins([small]))
        status = process.wait(LIMIT)
        log = lab.log("full")
        assert status == 1, f"exit status {status}: {log[-1000:]}"
        assert "shoal: " in log and small.folder in log.rpartition("shoal: ")[2], log[-1000:]
        play.note("refused: " + log.rpartition("shoal: ")[2].strip()[:160])
        assert small.process.poll() is None, f"the worker with the full disk ended with status {small.process.returncode}"
    lab.serve_as(play.configuration)
    play.check(play.ask())


def damage(play, path):
    """Flips a bit of a file on the disk; what is mapped of it stays as it was, as in memory when a disk goes bad."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[play.random.randrange(len(data))] ^= 1 << play.random.randrange(8)
    with open(path + ".damaged", "wb") as file:
        file.write(data)
    shutil.copystat(path, path + ".damaged")
    os.replace(path + ".damaged", path)


def damage_files(play, worker):
    files = worker.files(".gguf") + worker.files(".packed")
    assert files, f"{worker.name} keeps no shards"
    chosen = play.random.sample(files, min(3, len(files)))
    for file in chosen:
        damage(play, file)
    play.note(f"{len(chosen)} files of {worker.name} damaged")


def damaged_while_running(play):
    """A worker's files are damaged, it dies and comes back: what is damaged is sent again."""
    lab, answers, victim = play.lab, play.ask(), play.victim()
    damage_files(play, victim)
    play.wait_for_moment(answers)
    victim.kill()
    victim.start()
    play.check(answers)
    lab.wait_until_ready()
    lab.wait_until_connected()
    # It has its share again.
    lab.end_coordinator()
    lab.serve_again()
    play.check(play.ask())


def damaged_before_start(play):
    """Files are damaged while nothing runs."""
    lab, victim = play.lab, play.victim()
    lab.end_coordinator()
    victim.kill()
    damage_files(play, victim)
    victim.start()
    lab.wait_for_port(victim.port)
    lab.serve_again()
    play.check(play.ask())


def damaged_on_successor(play):
    """The shards of whoever takes the lost layers over are damaged: they are sent again, and nothing is answered with them."""
    lab, spare, victim = play.lab, play.lab.workers[4], play.victim()
    answers = play.ask()
    victim.kill()
    play.check(answers)
    lab.restore()
    if not spare.files(".gguf"):
        return play.note("the spare got nothing")
    damage_files(play, spare)
    answers = play.ask()
    play.wait_for_moment(answers)
    victim.kill()
    play.note(f"{victim.name} killed twice")
    play.check(answers)


def killed_while_shards_arrive(play):
    """A worker dies while it is sent its share: the coordinator gets ready, or says who was lost; then it goes on where it stopped."""
    lab, victim = play.lab, play.random.choice(play.lab.workers[:4])
    empty(lab)
    lab.serve_again(wait=False)
    seconds = play.random.uniform(0, 1)
    time.sleep(seconds)
    victim.kill()
    victim.start()
    play.note(f"{victim.name} killed after {seconds:.2f} s")
    lab.wait(
        lambda: lab.coordinator.poll() is not None or lab.get("/health")[0] == 200, "the coordinator neither is ready nor ends")
    if lab.coordinator.poll() is not None:
        assert lab.coordinator.returncode == 1, f"exit status {lab.coordinator.returncode}"
        error = lab.log("serve").rpartition("shoal: ")[2].strip()
        assert victim.address in error or victim.device in error, error
        play.note("refused: " + error[:120])
        lab.wait_for_port(victim.port)
        lab.serve_again()
    play.check(play.ask())


def successor_lost_while_shards_arrive(play):
    """Who takes lost layers over is lost too, while it is sent them."""
    lab, spare = play.lab, play.lab.workers[4]
    spare.kill()
    spare.empty()
    spare.start()
    lab.wait_for_port(spare.port)
    lab.wait_until_connected()
    answers, victim = play.ask(), play.victim()
    play.wait_for_moment(answers)
    victim.kill()
    seconds = play.random.uniform(0, 0.5)
    time.sleep(seconds)
    play.random.choice([spare.kill, spare.stop, spare.cut])()
    play.note(f"{victim.name} killed, the spare lost {seconds:.2f} s later")
    play.check(answers)
