import ArgumentParser
import CoordinatorCore

/// What is done for the day when a device dies.
struct ResilienceOptions: ParsableArguments {
    @Flag(help: "Keeps second copies of layers ready on other devices, so that the loss of one costs no transfer.")
    var standby = false

    @Flag(
        name: .customLong("mirror-kv"),
        help:
            "Has those copies follow the key-value caches too, so that little has to be computed again; implies --standby."
    )
    var mirrorsCaches = false

    @Option(
        help: ArgumentHelp(
            "How long requests wait for devices when the model has no place, in seconds; then they are answered 503.",
            valueName: "SECONDS"))
    var patience = 60

    @Option(
        name: .customLong("rebalance-gain"),
        help: ArgumentHelp(
            "Moves layers unasked when a device joins and that lets expect so many per cent more tokens per second; 0 never does.",
            valueName: "PERCENT"))
    var gainPercent = 15

    func validate() throws {
        guard (0...86_400).contains(patience) else {
            throw ValidationError("--patience takes 0 to 86400 seconds, not \(patience)")
        }
        guard (0...1000).contains(gainPercent) else {
            throw ValidationError("--rebalance-gain takes 0 to 1000 per cent, not \(gainPercent)")
        }
    }

    var patienceDuration: Duration { .seconds(patience) }

    var standbyChoice: CoordinatorConfiguration.Standby {
        mirrorsCaches ? .layersAndCaches : standby ? .layers : .nothing
    }

    var rebalanceGain: Double? { gainPercent == 0 ? nil : Double(gainPercent) / 100 }
}
