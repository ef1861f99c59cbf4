import ArgumentParser
import ClusterFile
import Placement

/// What a placement is to be good at, and what else is wished of it.
struct PlanningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the placement is good at: latency (one stream), throughput (many), balanced (the streams of --streams), or energy (joules per token of one stream) (default: balanced).",
            valueName: "OBJECTIVE"))
    var objective: PlacementObjective?

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
            "How activations travel: f32 (equal bits for any placement), f16, q8 (a quarter of the bytes, about 0.4% off), or auto: the most exact whose transfer is under 5% of the step (default: f32).",
            valueName: "CODEC"))
    var codec: CodecOption?

    @Flag(help: "Lets the coordinator's own device take layers like the workers.") var useCoordinator = false

    @Flag(
        help:
            "Lets devices hold more experts than their memory takes: the rest is read from their disks in each step, which is slow."
    )
    var expertsOnDisk = false

    @Option(
        name: .customLong("watts"),
        help: ArgumentHelp(
            "How much power a device takes, idle and computing, where nothing measures it: pi1=2.7/6.8; the coordinator's own device is named coordinator (repeatable).",
            valueName: "DEVICE=IDLE/BUSY"))
    var watts: [DeclaredWatts] = []

    func validate() throws {
        if let streams, !(1...1024).contains(streams) {
            throw ValidationError("--streams takes 1 to 1024, not \(streams)")
        }
        let most = PlacementRequest.mostDevices + 1
        if let maxDevices, !(1...most).contains(maxDevices) {
            throw ValidationError("--max-devices takes 1 to \(most), not \(maxDevices)")
        }
        for device in excluded where device.isEmpty {
            throw ValidationError("--exclude takes a device's name, not nothing")
        }
    }

    /// - Parameter declaration: what a cluster file says; the options count before it.
    func preferences(_ declaration: ClusterDeclaration?) -> PlanningPreferences {
        var power: [String: DevicePower] = [:]
        if let own = declaration?.coordinatorPower { power[ClusterSession.ownDevice] = own }
        for watts in watts { power[watts.device] = watts.power }
        return PlanningPreferences(
            objective: objective ?? .balanced, streams: streams, excluded: excluded, maximumDevices: maxDevices,
            codec: codec?.choice ?? .always(.f32),
            usesCoordinator: useCoordinator, expertsOnDisk: expertsOnDisk,
            watts: power)
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

/// `pi1=2.7/6.8`.
struct DeclaredWatts: ExpressibleByArgument, Equatable {
    let device: String
    let power: DevicePower

    init?(argument: String) {
        // A name may have what stands between the numbers, an address has no '='.
        guard let mark = argument.lastIndex(of: "="), mark > argument.startIndex else { return nil }
        let numbers = argument[argument.index(after: mark)...].split(
            separator: "/", omittingEmptySubsequences: false
        ).map { Double($0) }
        guard numbers.count == 2, let idle = numbers[0], let busy = numbers[1],
            let power = DevicePower(idleWatts: idle, busyWatts: busy)
        else { return nil }
        device = String(argument[..<mark])
        self.power = power
    }
}
