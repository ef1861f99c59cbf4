"""What is told when nothing fits any more."""
import time


def nothing_left(play):
    """The workers that are left have no room: requests are answered 503 after the patience, and answered again when the others are back."""
    lab = play.lab
    with lab.another_worker("tiny", flags=["--memory", "32MiB"]) as tiny:
        lab.end_coordinator()
        lab.serve(4, play.configuration.flags, lab.workers[:4] + [tiny])
        answers = play.ask()
        play.wait_for_events(answers, play.random.randint(8, 100))
        for worker in lab.workers[:4]:
            worker.kill()
        began = time.monotonic()
        late = play.ask(stream=False) + play.ask()
        for answer in answers + late:
            answer.join(60)
        play.note(f"told after {time.monotonic() - began:.1f} s")
        for answer in late:
            assert answer.status == 503, f"status {answer.status}: {answer.error}"
        for answer in answers + late:
            assert answer.error and "no placement stands" in answer.error, f"status {answer.status}: {answer.error}"
        lab.restore()
        play.check(play.ask())
    lab.serve_as(play.configuration)
