"""Workers that are lost, and come back, while eight answers are read: no answer may notice but by a pause."""
import time


def kill(play):
    lose_one(play, lambda victim: victim.kill(), "killed")


def stop(play):
    lose_one(play, lambda victim: victim.stop(), "stopped")


def cut(play):
    lose_one(play, lambda victim: victim.cut(), "cut off")


def cut_inward(play):
    lose_one(play, lambda victim: victim.cut(outward=False), "no longer reached")


def cut_outward(play):
    lose_one(play, lambda victim: victim.cut(inward=False), "no longer heard")


def lose_one(play, hurt, how):
    answers, victim = play.ask(), play.victim()
    play.wait_for_moment(answers)
    hurt(victim)
    play.note(f"{victim.name} {how}")
    play.check(answers)


def back(play):
    """A worker is lost and comes back with its identity and its store while the answers are still read."""
    answers, victim = play.ask(), play.victim()
    play.wait_for_moment(answers)
    play.random.choice([victim.kill, victim.stop, victim.cut])()
    pause = play.random.uniform(0, 3)
    play.note(f"{victim.name} lost for {pause:.2f} s")
    time.sleep(pause)
    victim.mend(resets=play.random.random() < 0.5)
    play.check(answers)


def blip(play):
    """A cable is out for less than it takes to be given up: nothing is lost."""
    answers, victim, epoch = play.ask(), play.victim(), play.lab.epoch
    play.wait_for_moment(answers)
    seconds = play.random.uniform(0.1, 0.8)
    victim.cut()
    time.sleep(seconds)
    victim.mend(resets=False)
    play.note(f"{victim.name} cut off for {seconds:.2f} s")
    play.check(answers)
    assert play.lab.epoch == epoch, f"a short interruption was taken for a loss: epoch {epoch} became {play.lab.epoch}"


def delay(play):
    """A long cable is not a dead device."""
    victim, epoch = play.victim(), play.lab.epoch
    answers = play.ask()
    play.wait_for_moment(answers)
    victim.cable.delay = 0.2
    seconds = play.random.uniform(2.5, 4)
    time.sleep(seconds)
    play.note(f"{victim.name} 200 ms away for {seconds:.2f} s")
    victim.cable.delay = 0
    play.check(answers)
    assert play.lab.epoch == epoch, f"a slow cable was taken for a loss: epoch {epoch} became {play.lab.epoch}"


def two(play):
    """Two workers are lost: at once, or the second while the loss of the first is being recovered from, or later."""
    answers = play.ask()
    first, second = play.random.sample(play.lab.holders(), 2)
    play.wait_for_moment(answers)
    gap = play.random.choice([0, play.random.uniform(0, 0.3), play.random.uniform(0.3, 1.5)])
    play.random.choice([first.kill, first.kill, first.cut])()
    time.sleep(gap)
    play.random.choice([second.kill, second.kill, second.stop])()
    play.note(f"{first.name} lost, {second.name} {gap:.2f} s later")
    play.check(answers)


def all_lost(play):
    """All workers are lost and come back: requests wait."""
    answers = play.ask()
    play.wait_for_moment(answers)
    for worker in play.lab.workers:
        play.random.choice([worker.kill, worker.stop, worker.cut])()
    pause = play.random.uniform(0.5, 3)
    play.note(f"all lost for {pause:.2f} s")
    time.sleep(pause)
    late = play.ask()
    for worker in play.lab.workers:
        worker.mend()
    play.check(answers + late)


def apart(play):
    """Two workers no longer reach each other, though the coordinator reaches both."""
    answers = play.ask()
    holders = play.lab.holders()
    index = play.random.randrange(len(holders) - 1)
    first, second = holders[index:index + 2]
    play.wait_for_moment(answers)
    first.cable.apart, second.cable.apart = {second.cable}, {first.cable}
    play.note(f"{first.name} and {second.name} apart")
    play.check(answers)


# The kind of a frame that brings steps.
STEP = 2


def idle(play):
    """A worker answers all that it is asked, and no step: others get its layers, and it is told why."""
    lab, answers, victim = play.lab, play.ask(), play.victim()
    play.wait_for_moment(answers)
    victim.cable.loses = {STEP}
    play.note(f"{victim.name} computes nothing")
    play.check(answers)
    [device] = [device for device in lab.cluster()["devices"] if device["name"] == victim.device]
    assert "computes nothing" in device.get("trouble", ""), f"nothing is told of {victim.name}: {device}"
    assert victim not in lab.holders(), f"{victim.name} has layers again"
