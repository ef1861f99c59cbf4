"""What is told when nothing fits any more."""
import time


def nothing_left(play):
    """No worker is left: requests are answered 503 after the patience, and answered again when the workers are back."""
    lab, answers = play.lab, play.ask()
    play.wait_for_events(answers, play.random.randint(8, 100))
    for worker in lab.workers:
        worker.kill()
    began = time.monotonic()
    late = play.ask()
    for answer in answers + late:
        answer.join(60)
    play.note(f"told after {time.monotonic() - began:.1f} s")
    for answer in late:
        assert answer.status == 503, f"status {answer.status}: {answer.error}"
        assert "no placement stands" in answer.error, answer.error
    for answer in answers:
        assert answer.error and "no placement stands" in answer.error, f"{answer.error}"
    play.note(f"503: {late[0].error[:150]}")
    lab.restore()
    play.check(play.ask())
