"""What `compare-llamacpp` is made of."""

import sys


class Failure(Exception):
    """Ends the program with a message that names the cause and the mend."""


def say(message):
    """Progress goes to standard error; the result alone to standard output."""
    print(message, file=sys.stderr, flush=True)
