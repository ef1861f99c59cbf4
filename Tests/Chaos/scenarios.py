"""The scenarios, by the configuration of the cluster that they are played on."""
import clocks
import coordinators
import heat
import losses
import moves
import patience
import stores


class Configuration:
    """A coordinator with some flags, over the workers of a lab; each round finds all well, and leaves it so.

    `often` is played always, `seldom` only in long runs.
    """

    def __init__(self, name, often, seldom=(), used=4, workers=None, flags=(), is_closed=False):
        self.name, self.often, self.seldom = name, often, list(seldom)
        self.used, self.workers, self.flags, self.is_closed = used, workers, flags, is_closed

    def scenarios(self, quick):
        return self.often if quick else self.often + self.seldom


CONFIGURATIONS = [
    Configuration(
        "four",
        [
            losses.kill, losses.stop, losses.cut, losses.cut_outward, losses.blip, losses.delay, losses.two, losses.all_lost,
            moves.drain, moves.drain_and_lose,
        ], [losses.cut_inward, losses.back, losses.apart, moves.lose_and_rebalance], workers=4),
    Configuration(
        "spare", [losses.kill, moves.drain_and_lose],
        [losses.stop, losses.cut, losses.two, losses.apart, losses.idle]),
    Configuration("standby", [losses.kill, losses.back], [losses.stop, losses.cut, losses.two], flags=["--standby"]),
    Configuration(
        "mirror", [losses.kill], [losses.stop, losses.cut, losses.two, losses.back, moves.drain_and_lose],
        flags=["--mirror-kv"]),
    Configuration(
        "coordinator",
        [
            coordinators.restart, coordinators.kill_while_placing, coordinators.terminate, coordinators.same_folder,
            coordinators.other_folder,
        ], [coordinators.kill_while_moving, coordinators.kill_with_lost_worker], workers=4),
    Configuration("patience", [patience.nothing_left], workers=4, flags=["--patience", "2"]),
    Configuration(
        "disk", [stores.damaged_while_running, stores.full_disk_of_spare],
        [
            stores.killed_while_shards_arrive, stores.successor_lost_while_shards_arrive, stores.damaged_before_start,
            stores.damaged_on_successor, stores.full_disk_at_start,
        ]),
    Configuration("clock", [clocks.jump]),
    Configuration("heat", [], [heat.throttle], used=0, workers=3, flags=["--objective", "throughput", "--rebalance-gain", "15"]),
    # The devices joined, and all links are TLS.
    Configuration(
        "closed", [losses.kill, losses.back, coordinators.restart],
        [
            losses.stop, losses.cut, losses.two, losses.all_lost, losses.blip, moves.drain, moves.drain_and_lose,
            coordinators.kill_while_placing, coordinators.restart_without_spare,
        ], flags=["--standby"], is_closed=True),
]


def names():
    return [f"{configuration.name}.{scenario.__name__}" for configuration, scenario in order([])]


def order(wanted, quick=False):
    """Configurations with their scenarios: all, or those that are named by both or by one of their names."""
    return [
        (configuration, scenario) for configuration in CONFIGURATIONS for scenario in configuration.scenarios(quick)
        if not wanted or {configuration.name, scenario.__name__, f"{configuration.name}.{scenario.__name__}"} & set(wanted)]
