package import Placement
package import Transport
package import Wire

/// A device to connect to, and how.
package struct DeviceDeclaration: Sendable {
    package enum Connection: Sendable {
        case tcp(Endpoint)
        /// The worker in this process: takes the coordinator's end of the link and gives the worker's. It reads the
        /// model's file itself, so nothing is sent to it.
        case inProcess(@Sendable (any LinkHandler, Hello) -> any Link)
    }

    package var name: String
    package var connection: Connection
    /// Bytes it may use for stages; `nil` is what the device itself says.
    package var memoryBytes: Int?
    /// How fast it computes and its link to the coordinator is, to plan with where that was not measured.
    package var speed: DeviceSpeed?
    package var link: LinkSpeed?

    package init(
        name: String, connection: Connection, memoryBytes: Int? = nil, speed: DeviceSpeed? = nil,
        link: LinkSpeed? = nil
    ) {
        self.name = name
        self.connection = connection
        self.memoryBytes = memoryBytes
        self.speed = speed
        self.link = link
    }

    package var isInProcess: Bool { if case .inProcess = connection { true } else { false } }

    package var address: String {
        switch connection {
        case .tcp(let endpoint): endpoint.description
        case .inProcess: "in process"
        }
    }
}

/// What a coordinator is to serve, and on what.
package struct CoordinatorConfiguration: Sendable {
    package var devices: [DeviceDeclaration]
    package var pins: [Pin]
    /// What the placement is to be good at, and what else is wished of it.
    package var planning: PlanningPreferences
    /// How stages compute.
    package var compute: ComputeMode
    /// What key-value caches hold.
    package var keyValueType: KeyValueType
    /// Positions a sequence may have; `nil` is what the model was trained for, at most `defaultContext`.
    package var context: Int?
    /// Sequences at a time.
    package var slots: Int
    /// Rows of one step at most.
    package var rowsPerStep: Int

    /// The context where none is asked for: a longer one costs memory that few conversations use.
    package static let defaultContext = 8192

    package init(
        devices: [DeviceDeclaration], pins: [Pin] = [], planning: PlanningPreferences = PlanningPreferences(),
        compute: ComputeMode = .int8,
        keyValueType: KeyValueType = .standard, context: Int? = nil,
        slots: Int = 4,
        rowsPerStep: Int = 256
    ) {
        self.devices = devices
        self.pins = pins
        self.planning = planning
        self.compute = compute
        self.keyValueType = keyValueType
        self.context = context
        self.slots = slots
        self.rowsPerStep = rowsPerStep
    }
}
