"""The scenarios, by the configuration of the cluster that they are played on."""
import clocks
import coordinators
import losses
import moves
import patience
import stores


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
            losses.delay, losses.two, losses.all_lost, moves.drain, moves.drain_and_lose, moves.lose_and_rebalance,
        ], workers=4),
    Configuration("spare", [losses.kill, losses.stop, losses.cut, losses.two, moves.drain_and_lose]),
    Configuration("standby", [losses.kill, losses.stop, losses.cut, losses.two, losses.back], flags=["--standby"]),
    Configuration("mirror", [losses.kill, losses.stop, losses.cut, losses.two, losses.back, moves.drain_and_lose], flags=["--mirror-kv"]),
    Configuration(
        "coordinator",
        [
            coordinators.restart, coordinators.kill_while_placing, coordinators.kill_while_moving,
            coordinators.kill_with_lost_worker, coordinators.terminate, coordinators.same_folder, coordinators.other_folder,
        ], workers=4),
    Configuration("patience", [patience.nothing_left], workers=4, flags=["--patience", "2"]),
    Configuration(
        "disk",
        [
            stores.killed_while_shards_arrive, stores.successor_lost_while_shards_arrive, stores.damaged_while_running,
            stores.damaged_before_start, stores.damaged_on_successor, stores.full_disk_of_spare, stores.full_disk_at_start,
        ]),
    Configuration("clock", [clocks.jump]),
]


def names():
    return [f"{configuration.name}.{scenario.__name__}" for configuration in CONFIGURATIONS for scenario in configuration.scenarios]


def order(wanted):
    """Configurations with their scenarios: all, or those that are named by both or by one of their names."""
    return [
        (configuration, scenario) for configuration in CONFIGURATIONS for scenario in configuration.scenarios
        if not wanted or {configuration.name, scenario.__name__, f"{configuration.name}.{scenario.__name__}"} & set(wanted)]
