import ArgumentParser
import Placement

/// What a placement is to be good at, and what else is wished of it.
struct PlanningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the placement is good at: latency (one stream), throughput (many), or balanced (the streams of --streams).",
            valueName: "OBJECTIVE"))
    var objective: PlacementObjective = .balanced

    @Option(
        help: ArgumentHelp("Streams to plan for and to predict (default: the number of slots).", valueName: "N"))
    var streams: Int?

    @Option(
        name: .customLong("exclude"),
        help: ArgumentHelp("A device that holds nothing (repeatable).", valueName: "DEVICE"))
    var excluded: [String] = []

    @Option(help: ArgumentHelp("Devices that hold layers at most.", valueName: "N")) var maxDevices: Int?

    @Option(
        help: ArgumentHelp(
            "How activations travel: f32 (equal bits for any placement), f16, q8 (a quarter of the bytes, about 0.4% off), or auto: the most exact whose transfer is under 5% of the step.",
            valueName: "CODEC"))
    var codec: CodecOption = .f32

    @Flag(help: "Lets the coordinator's own device take layers like the workers.") var useCoordinator = false

    @Flag(
        help:
            "Lets devices hold more experts than their memory takes: the rest is read from their disks in each step, which is slow."
    )
    var expertsOnDisk = false

    func validate() throws {
        if let streams, !(1...1024).contains(streams) {
            throw ValidationError("--streams takes 1 to 1024, not \(streams)")
        }
        if let maxDevices, maxDevices < 1 { throw ValidationError("--max-devices takes at least 1, not \(maxDevices)") }
    }

    var preferences: PlanningPreferences {
        PlanningPreferences(
            objective: objective, streams: streams, excluded: excluded, maximumDevices: maxDevices, codec: codec.choice,
            usesCoordinator: useCoordinator, expertsOnDisk: expertsOnDisk)
    }
}

enum CodecOption: String, ExpressibleByArgument, CaseIterable {
    case f32, f16, q8, auto

    var choice: CodecChoice {
        switch self {
        case .f32: .always(.f32)
        case .f16: .always(.f16)
        case .q8: .always(.q8)
        case .auto: .automatic
        }
    }
}

extension PlacementObjective: ExpressibleByArgument {}
