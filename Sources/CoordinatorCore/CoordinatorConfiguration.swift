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

    package init(name: String, connection: Connection, memoryBytes: Int? = nil) {
        self.name = name
        self.connection = connection
        self.memoryBytes = memoryBytes
    }

    package var isInProcess: Bool { if case .inProcess = connection { true } else { false } }

    package var address: String {
        switch connection {
        case .tcp(let endpoint): endpoint.description
        case .inProcess: "in process"
        }
    }
}

/// What a coordinator measures before it places a model.
package enum Measuring: Sendable, Hashable {
    /// Nothing: what is known already is used.
    case nothing
    /// The profiles and links that are not known, or that are known to be stale.
    case missing
    /// All profiles and links.
    case all
}

/// What a coordinator is to serve, and on what.
package struct CoordinatorConfiguration: Sendable {
    package var devices: [DeviceDeclaration]
    package var pins: [Pin]
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
    /// What is measured before the first placement; before later ones it is what is missing, unless this is nothing.
    package var measuring: Measuring
    /// Where the speeds of links are kept; `nil` is nowhere.
    package var linkFile: LinkFile?

    /// The context where none is asked for: a longer one costs memory that few conversations use.
    package static let defaultContext = 8192

    package init(
        devices: [DeviceDeclaration], pins: [Pin] = [], compute: ComputeMode = .int8,
        keyValueType: KeyValueType = .standard, context: Int? = nil,
        slots: Int = 4,
        rowsPerStep: Int = 256, measuring: Measuring = .nothing, linkFile: LinkFile? = nil
    ) {
        self.devices = devices
        self.pins = pins
        self.compute = compute
        self.keyValueType = keyValueType
        self.context = context
        self.slots = slots
        self.rowsPerStep = rowsPerStep
        self.measuring = measuring
        self.linkFile = linkFile
    }
}
