"""What a scenario is given: a lab, a seeded chance, and what it saw, for the line that tells of the round."""
import time

from answers import prompts

SETS = 3


class Play:
    def __init__(self, lab, configuration, random, references):
        self.lab, self.configuration, self.random, self.references = lab, configuration, random, references
        self.notes, self.pauses = [], []

    def note(self, text):
        self.notes.append(text)

    def ask(self, **options):
        """Eight answers that begin now."""
        # Another set than before, so that its beginnings are no longer cached.
        self.references.last = self.random.choice([index for index in range(SETS) if index != self.references.last])
        return [self.lab.ask(prompt, **options) for prompt in self.references.prompts(self.references.last)]

    def check(self, answers):
        """Every answer is whole, and equals the undisturbed one."""
        for answer in answers:
            got, expected = answer.done(), self.references.answers[answer.prompt]
            assert got == expected, f"an answer differs: {got!r}, undisturbed {expected!r}"
        self.pauses.append(max(answer.longest_gap for answer in answers))

    def victim(self):
        """A worker that holds layers."""
        return self.random.choice(self.lab.holders())

    def wait_for_moment(self, answers):
        """Until some moment while prompts are read, or later, while answers are written."""
        if self.random.random() < 0.4:
            seconds = self.random.uniform(0, 1.2)
            self.note(f"after {seconds:.2f} s")
            time.sleep(seconds)
        else:
            self.wait_for_events(answers, self.random.randint(8, 400))

    def wait_for_events(self, answers, count):
        self.lab.wait(
            lambda: sum(len(answer.times) for answer in answers) >= count or not any(a.is_alive() for a in answers),
            f"fewer than {count} events came")
        self.note(f"after {count} events")


class References:
    """What the undisturbed cluster answers, asked once."""

    def __init__(self, seed):
        self.seed, self.answers, self.last = seed, {}, None

    def prompts(self, index):
        return prompts(self.seed, index)

    def take(self, lab):
        for index in range(SETS):
            answers = [lab.ask(prompt) for prompt in self.prompts(index)]
            self.answers |= {answer.prompt: answer.done() for answer in answers}
