"""Layers that are moved while eight answers are read, and losses meanwhile."""
import threading
import time


def drain(play):
    """A worker is emptied and filled again: no loss at all."""
    lab, answers, victim = play.lab, play.ask(), play.victim()
    play.wait_for_moment(answers)
    status, body = lab.post("/api/devices/drain", {"device": victim.device})
    assert status == 200 and body["moved"], f"drain: {status} {body}"
    assert victim not in lab.holders(), f"{victim.name} was drained and holds layers"
    play.note(f"{victim.name} drained")
    status, body = lab.post("/api/devices/refill", {"device": victim.device})
    assert status == 200, f"refill: {status} {body}"
    play.check(answers)


def drain_and_lose(play):
    """A worker is emptied, and one is lost while its layers move: it, who gets them, or another."""
    lab, answers = play.lab, play.ask()
    drained = play.victim()
    lost = play.random.choice(lab.workers[:len(lab.cluster()["devices"]) - 1])
    play.wait_for_moment(answers)
    results = []
    moving = threading.Thread(target=lambda: results.append(lab.post("/api/devices/drain", {"device": drained.device})))
    moving.start()
    seconds = play.random.uniform(0, 0.4)
    time.sleep(seconds)
    play.random.choice([lost.kill, lost.kill, lost.stop, lost.cut])()
    play.note(f"{drained.name} drained, {lost.name} lost {seconds:.2f} s later")
    play.check(answers)
    moving.join()
    assert results, "the request to drain was not answered"
    status, body = results[0]
    play.note(f"drain answered {status}")
    assert status == 200 or body["error"]["message"], f"drain: {status} {body}"
    lost.mend()
    lab.wait_until_ready()
    lab.wait_until_connected()
    status, body = lab.post("/api/devices/refill", {"device": drained.device})
    assert status == 200, f"refill: {status} {body}"


def lose_and_rebalance(play):
    """A worker was lost and is back; the layers are placed as well as can be, and one is lost while they move."""
    lab, answers, victim = play.lab, play.ask(), play.victim()
    victim.kill()
    play.wait_for_events(answers, play.random.randint(8, 200))
    victim.mend()
    lab.wait_until_connected()
    moving = threading.Thread(target=lambda: lab.post("/api/cluster/rebalance"))
    moving.start()
    time.sleep(play.random.uniform(0, 0.3))
    second = play.victim()
    play.random.choice([second.kill, second.stop, second.cut])()
    play.note(f"{victim.name} back, {second.name} lost while layers move")
    play.check(answers)
    moving.join()
