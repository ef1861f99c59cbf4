"""The scenarios, by the configuration of the cluster that they are played on."""
import losses


class Skipped(Exception):
    """What a scenario needs is not here."""


class Configuration:
    """A coordinator with some flags, over the workers of a lab; each round finds all well, and leaves it so."""

    def __init__(self, name, scenarios, used=4, workers=None, flags=(), shares=True):
        self.name, self.scenarios, self.used, self.workers = name, scenarios, used, workers
        self.flags, self.shares = flags, shares

    def begin(self, lab):
        lab.serve(self.used, self.flags, lab.workers[:self.workers])

    def finish(self, lab):
        lab.restore()


CONFIGURATIONS = [
    Configuration(
        "four",
        [
            losses.kill, losses.stop, losses.cut, losses.cut_inward, losses.cut_outward, losses.back, losses.blip,
            losses.delay, losses.two, losses.all_lost,
        ], workers=4),
    Configuration("spare", [losses.kill, losses.stop, losses.cut, losses.two]),
    Configuration("standby", [losses.kill, losses.stop, losses.cut, losses.two, losses.back], flags=["--standby"]),
    Configuration("mirror", [losses.kill, losses.stop, losses.cut, losses.two, losses.back], flags=["--mirror-kv"]),
]


def names():
    return [f"{configuration.name}.{scenario.__name__}" for configuration in CONFIGURATIONS for scenario in configuration.scenarios]


def order(wanted):
    """Configurations with their scenarios: all, or those that are named by both or by one of their names."""
    return [
        (configuration, scenario) for configuration in CONFIGURATIONS for scenario in configuration.scenarios
        if not wanted or {configuration.name, scenario.__name__, f"{configuration.name}.{scenario.__name__}"} & set(wanted)]
