package import ModelParts
package import ClusterStore
package import Placement
package import Transport
package import Wire

/// A device to connect to, and how.
package struct DeviceDeclaration: Sendable {
    package enum Connection: Sendable {
        case tcp(Endpoint)
        /// The worker in this process. It reads the model's file itself, so nothing is sent to it.
        case inProcess(InProcessWorker)
    }

    package struct InProcessWorker: Sendable {
        /// Takes the coordinator's end of a link and gives the worker's.
        let connect: @Sendable (any LinkHandler, Hello) -> any Link
        /// Does something on the worker's compute thread, behind the steps that it has.
        let afterSteps: @Sendable (@escaping @Sendable () -> Void) -> Void
        /// Its compute thread, as a reader of the links to other workers, whose results it goes on with.
        let reader: any LinkReader

        package init(
            connect: @escaping @Sendable (any LinkHandler, Hello) -> any Link,
            afterSteps: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void, reader: any LinkReader
        ) {
            self.connect = connect
            self.afterSteps = afterSteps
            self.reader = reader
        }
    }

    package var name: String
    package var connection: Connection
    /// The id of the member that it is, for a device that joined: another one that answers there is not talked to.
    package var memberID: String?
    /// Bytes it may use for stages; `nil` is what the device itself says.
    package var memoryBytes: Int?
    /// How fast it computes and its link to the coordinator is, to plan with where that was not measured.
    package var speed: DeviceSpeed?
    package var link: LinkSpeed?
    /// How much power it takes, as it was declared: that counts before what was measured.
    package var power: DevicePower?
    /// Whether nothing is served before it is there: those that were named, not those that joined at some time.
    package var isRequired: Bool

    package init(
        name: String, connection: Connection, memberID: String? = nil, memoryBytes: Int? = nil,
        speed: DeviceSpeed? = nil, link: LinkSpeed? = nil, power: DevicePower? = nil, isRequired: Bool = true
    ) {
        self.name = name
        self.connection = connection
        self.memberID = memberID
        self.memoryBytes = memoryBytes
        self.speed = speed
        self.link = link
        self.power = power
        self.isRequired = isRequired
    }

    /// Whether this only names the address of a device that joined: two links to one worker would take it from each other.
    func isAnotherName(of member: DeviceDeclaration) -> Bool {
        member.memberID != nil && memberID == nil && name != member.name && !isInProcess && address == member.address
    }

    /// Whether it came by itself, and is known by its address alone.
    var isPassing: Bool { memberID == nil && !isRequired && !isInProcess }

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
    /// Positions that all caches together have room for; `nil` is the context for every slot.
    package var keyValueTokens: Int?
    /// Requests that wait at most; more are refused.
    package var queue: Int
    /// What is done with a sequence that has filled its context; `nil` ends its answer.
    package var contextShift: ContextShift?
    /// Rows of one step at most.
    package var rowsPerStep: Int
    /// What is measured before the first placement; before later ones it is what is missing, unless this is nothing.
    package var measuring: Measuring
    /// Where the speeds of links are kept; `nil` is nowhere.
    package var linkFile: LinkFile?
    /// Where it is kept what is placed; `nil` is nowhere.
    package var store: ClusterStore?
    /// What was wished of the placement when it was asked for: what is above has it already, and it is kept with what is placed.
    package var wishes: PlacementWishes
    /// Where it is recorded what happens.
    package var history: ClusterHistory
    /// How long requests wait for a placement after a device was lost.
    package var patience: Duration
    /// What is kept ready for the loss of a device.
    package var standby: Standby
    /// What a better placement must be expected to gain to be gone over to unasked, as a share of the tokens per second; `nil` is never.
    package var rebalanceGain: Double?
    /// How long devices may make no headway.
    package var headway: HeadwayLimits

    /// What is kept ready for the loss of a device.
    package enum Standby: Sendable, Hashable {
        case nothing
        /// Other devices have the layers too.
        case layers
        /// Other devices have the layers too, and follow their key-value caches.
        case layersAndCaches
    }

    /// How long requests wait for a placement, where nothing else is said.
    package static let defaultPatience = Duration.seconds(60)
    /// The least gain, where nothing else is said.
    package static let defaultRebalanceGain = 0.15

    /// The context where none is asked for: a longer one costs memory that few conversations use.
    package static let defaultContext = 8192
    /// Requests that wait at most, where nothing else is said.
    package static let defaultQueue = 256

    package init(
        devices: [DeviceDeclaration], pins: [Pin] = [], planning: PlanningPreferences = PlanningPreferences(),
        compute: ComputeMode = .int8,
        keyValueType: KeyValueType = .standard, context: Int? = nil,
        slots: Int = 4, keyValueTokens: Int? = nil, queue: Int = defaultQueue, contextShift: ContextShift? = nil,
        rowsPerStep: Int = 256, measuring: Measuring = .nothing, linkFile: LinkFile? = nil,
        store: ClusterStore? = nil, wishes: PlacementWishes = PlacementWishes(),
        history: ClusterHistory = ClusterHistory(),
        patience: Duration = defaultPatience,
        standby: Standby = .nothing,
        rebalanceGain: Double? = defaultRebalanceGain, headway: HeadwayLimits = HeadwayLimits()
    ) {
        self.devices = devices
        self.pins = pins
        self.planning = planning
        self.compute = compute
        self.keyValueType = keyValueType
        self.context = context
        self.slots = slots
        self.keyValueTokens = keyValueTokens
        self.queue = queue
        self.contextShift = contextShift
        self.rowsPerStep = rowsPerStep
        self.measuring = measuring
        self.linkFile = linkFile
        self.store = store
        self.wishes = wishes
        self.history = history
        self.patience = patience
        self.standby = standby
        self.rebalanceGain = rebalanceGain
        self.headway = headway
    }
}

extension CoordinatorConfiguration {
    /// Positions a sequence may have: no more than all caches together.
    func context(trained: Int) -> Int {
        let asked = context ?? min(trained, Self.defaultContext)
        guard let pages else { return asked }
        return min(asked, pages * Scheduler.Limits.pagePositions)
    }

    /// Pages of all caches together; `nil` is enough for every slot to fill its context.
    var pages: Int? { keyValueTokens.map { max(1, $0 / Scheduler.Limits.pagePositions) } }
}

extension Coordinator {
    /// What the caches of all sequences have room for.
    var cacheRoom: CacheRoom {
        CacheRoom(
            context: model.context, slots: configuration.slots, rowsPerStep: configuration.rowsPerStep,
            pagePositions: Scheduler.Limits.pagePositions,
            positions: configuration.pages.map { $0 * Scheduler.Limits.pagePositions })
    }

    /// What the scheduler may use of a placement.
    func limits(_ plan: PlacementPlan) -> Scheduler.Limits {
        var limits = Scheduler.Limits(
            context: model.context, slots: configuration.slots, stages: plan.stages.count,
            depth: plan.prediction.depth,
            rowsPerStep: configuration.rowsPerStep, pages: configuration.pages,
            contextShift: configuration.contextShift, vocabulary: facts.vocabularySize)
        limits.windows = Scheduler.Windows(facts.sizes.windows, room: cacheRoom)
        return limits
    }
}
