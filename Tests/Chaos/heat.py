"""A device that becomes slow, as one that is too hot does."""
import threading
import time

# A device is slow once it was so for a minute; then a placement is found and gone over to.
LIMIT = 150


def throttle(play):
    """A worker takes four times as long from some moment on: it is given fewer layers, and no answer notices."""
    lab = play.lab
    victim = play.victim()
    before = layers(lab, victim)
    # How fast it is when it is well, for more than the minute that is judged.
    began = time.monotonic()
    while time.monotonic() - began < 80:
        play.check(play.ask())
    heat = Heat(victim)
    heat.start()
    began = time.monotonic()
    try:
        while layers(lab, victim) >= before:
            assert time.monotonic() - began < LIMIT, f"{victim.name} still has {layers(lab, victim)} of {before} layers"
            play.check(play.ask())
    finally:
        heat.end()
    play.note(f"{victim.name} has {layers(lab, victim)} layers instead of {before} after {time.monotonic() - began:.0f} s of heat")
    assert "times as long as it did" in lab.log("serve"), "layers moved for another reason"
    play.check(play.ask())


def layers(lab, worker):
    return sum(
        stage["last_layer"] - stage["first_layer"] for stage in lab.cluster()["stages"] if stage["device"] == worker.device)


class Heat(threading.Thread):
    """Lets a process run for a quarter of the time."""

    def __init__(self, worker):
        super().__init__(daemon=True)
        self.worker, self.is_on = worker, True

    def run(self):
        while self.is_on:
            self.worker.stop()
            time.sleep(0.03)
            self.worker.go_on()
            time.sleep(0.01)

    def end(self):
        self.is_on = False
        self.join()
