/// What a placement is to be good at.
package enum PlacementObjective: String, Sendable, Hashable, Codable, CaseIterable {
    /// One stream's token: the sum of all stages and hops.
    case latency
    /// Tokens of many streams: the largest stage.
    case throughput
    /// The time in which each of N streams gets a token: the sum and N - 1 times the largest stage. For a single stream the largest stage counts a
    /// quarter, for its prompt: devices that cost it next to nothing bring the first token sooner.
    case balanced
    /// One stream's joules per token: for all devices that hold something, their power while they compute and while they wait for the others.
    case energy
}

/// What whoever asks for a placement may wish beyond devices and model.
package struct PlanningPreferences: Sendable, Hashable {
    /// What the placement is to be good at.
    package var objective: PlacementObjective
    /// Streams that are planned for and predicted; nil for the number of slots.
    package var streams: Int?
    /// Devices that shall hold nothing.
    package var excluded: [String]
    /// Devices that hold layers at most; nil for any number.
    package var maximumDevices: Int?
    /// How activations are written.
    package var codec: CodecChoice
    /// Whether the coordinator's own device takes layers like the others.
    package var usesCoordinator: Bool
    /// Whether a device may hold more weights of experts than its memory takes: the rest is read from its disk in each step.
    package var expertsOnDisk: Bool
    /// How much power devices take, by name: what is declared here counts before what was measured.
    package var watts: [String: DevicePower]

    /// Wishes; those by default are the planner's own.
    package init(
        objective: PlacementObjective = .balanced, streams: Int? = nil, excluded: [String] = [],
        maximumDevices: Int? = nil, codec: CodecChoice = .always(.f32), usesCoordinator: Bool = false,
        expertsOnDisk: Bool = false, watts: [String: DevicePower] = [:]
    ) {
        self.objective = objective
        self.streams = streams
        self.excluded = excluded
        self.maximumDevices = maximumDevices
        self.codec = codec
        self.usesCoordinator = usesCoordinator
        self.expertsOnDisk = expertsOnDisk
        self.watts = watts
    }
}
