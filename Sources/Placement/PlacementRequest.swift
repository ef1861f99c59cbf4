/// A device as the placement sees it.
package struct DeviceCapacity: Sendable, Hashable {
    /// The name, unique in a cluster.
    package let name: String
    /// The bytes that stages may take on it: weights, KV cache and scratch together.
    package let memoryBytes: Int
    /// The bytes of weights that its disk may keep; nil where nothing bounds them, or nothing is kept.
    package let diskBytes: Int?
    /// Whether it is the coordinator's own device.
    package let isCoordinator: Bool
    /// How fast it computes; nil where nobody measured it.
    package let speed: DeviceSpeed?
    /// How much power it takes; nil where nothing measures that and nobody declared it.
    package let power: DevicePower?

    /// Describes a device.
    package init(
        name: String, memoryBytes: Int, diskBytes: Int? = nil, isCoordinator: Bool = false, speed: DeviceSpeed? = nil,
        power: DevicePower? = nil
    ) {
        self.name = name
        self.memoryBytes = memoryBytes
        self.diskBytes = diskBytes
        self.isCoordinator = isCoordinator
        self.speed = speed
        self.power = power
    }
}

/// The question `place` answers: which device holds which part of a model.
package struct PlacementRequest: Sendable, Hashable {
    /// Devices that are planned for at most, beside the coordinator's own.
    package static let mostDevices = 128

    /// The devices. Where it costs nothing, layers pass them in this order.
    package var devices: [DeviceCapacity]
    /// What is known of the links between them.
    package var links: LinkTable
    /// The model's sizes.
    package var model: ModelSizes
    /// Positions that one sequence may have.
    package var context: Int
    /// Sequences that are held at the same time.
    package var slots: Int
    /// Positions of a page: the cache of a sequence takes whole pages.
    package var pagePositions = 1
    /// Positions that the caches of all sequences together have room for; nil is the context for every slot.
    package var keyValuePositions: Int?
    /// Rows of a prompt that one step carries at most.
    package var rowsPerStep: Int
    /// Parts that must sit on a named device.
    package var pins: [Pin]
    /// What else is wished.
    package var preferences: PlanningPreferences

    /// Asks for a placement.
    package init(
        devices: [DeviceCapacity], links: LinkTable = LinkTable(), model: ModelSizes, context: Int, slots: Int,
        rowsPerStep: Int = 256, pins: [Pin] = [], preferences: PlanningPreferences = PlanningPreferences()
    ) {
        self.devices = devices
        self.links = links
        self.model = model
        self.context = context
        self.slots = slots
        self.rowsPerStep = rowsPerStep
        self.pins = pins
        self.preferences = preferences
    }

    /// What the caches have room for.
    var cacheRoom: CacheRoom {
        CacheRoom(
            context: context, slots: slots, rowsPerStep: rowsPerStep, pagePositions: pagePositions,
            positions: keyValuePositions)
    }

    /// Streams that are planned for.
    var streams: Int { preferences.streams ?? slots }
}
