"""A cluster on an emulated LAN: hosts, limits, load, and the scenarios that are measured."""

import sys


class Failure(Exception):
    """What ends the run: cause and mend."""


def say(text):
    print(text, file=sys.stderr, flush=True)
