import ArgumentParser
import ClusterStore
import Placement

/// What is wished of one placement, in place of what the coordinator was started with.
struct PlacingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Positions a sequence may have.", valueName: "TOKENS")) var context: Int?
    @Option(help: ArgumentHelp("Sequences computed at the same time; more requests wait.", valueName: "N"))
    var slots: Int?

    @Option(
        name: .customLong("kv-type"),
        help: ArgumentHelp("What the key-value cache holds: f16, or q8_0 in 53% of its memory.", valueName: "TYPE"))
    var keyValueType: KeyValueChoice?

    @Option(
        name: .customLong("pin"),
        help: ArgumentHelp(
            "Puts layers on a device: 0-9=pi1, 7=pi2, embedding=pi1, head=pi2 (repeatable).", valueName: "PART=DEVICE"))
    var pins: [Pin] = []

    @OptionGroup var planning: PlanningOptions

    func validate() throws {
        try ValueBounds.context(context)
        try ValueBounds.slots(slots)
    }

    var wishes: PlacementWishes {
        PlacementWishes(planning, context: context, slots: slots, keyValueType: keyValueType, pins: pins)
    }
}

extension PlacementWishes {
    /// What options say; what they do not say is as the coordinator was started.
    init(_ planning: PlanningOptions, context: Int?, slots: Int?, keyValueType: KeyValueChoice?, pins: [Pin]) {
        self.init()
        self.context = context
        self.slots = slots
        self.keyValueType = keyValueType?.rawValue
        self.pins = pins.isEmpty ? nil : pins.map(\.description)
        objective = planning.objective?.rawValue
        streams = planning.streams
        exclude = planning.excluded.isEmpty ? nil : planning.excluded
        maximumDevices = planning.maxDevices
        codec = planning.codec?.rawValue
        useCoordinator = planning.useCoordinator ? true : nil
        expertsOnDisk = planning.expertsOnDisk ? true : nil
        watts =
            planning.watts.isEmpty
            ? nil
            : Dictionary(
                planning.watts.map { ($0.device, Watts(idle: $0.power.idleWatts, busy: $0.power.busyWatts)) },
                uniquingKeysWith: { $1 })
    }
}
