package import Placement
package import Wire

/// Whether requests are answered now.
package enum Readiness: Sendable, Hashable {
    /// Not yet; says what is going on.
    case starting(String)
    case ready
    /// Requests are taken and wait: a device was lost, and a placement without it is being made. Says why.
    case recovering(String)
    /// No longer; says why.
    case unavailable(String)
}

/// The cluster as it stands.
package struct ClusterReport: Sendable {
    package var devices: [DeviceStatus]
    package var stages: [PlacedStage]
    /// What each stage did since it was loaded, in their order; `nil` where its device did not say.
    package var work: [StageWork?]
    package var links: MeasuredLinks
    package var speed: PipeReport
    /// What the devices of the placement take; `nil` where that of one is not known.
    package var energy: EnergyReport?
    package var unused: [UnusedDevice]
    package var epoch: UInt32
    /// Sequences that hold a KV cache.
    package var runningSequences: Int
    /// Sequences that wait for one.
    package var waitingSequences: Int
    /// What the scheduler does with them; `nil` without a model.
    package var scheduler: SchedulerReport?
    /// Sequences that may wait.
    package var queueLimit: Int
}

/// One device as the coordinator sees it.
package struct DeviceStatus: Sendable {
    package var name: String
    /// `HOST:PORT`, or `in process` for the coordinator's own worker.
    package var address: String
    package var connected: Bool
    /// What the device says of itself; `nil` while it is not connected.
    package var report: DeviceReport?
    /// Why it was lost, where it is away or left out of placements for it.
    package var trouble: String?
    /// What is special about it.
    package var marks: [DeviceMark] = []
}

/// What goes on while a model is made ready, for progress bars.
package enum StartupProgress: Sendable {
    case connecting(device: String)
    case connected(device: String, DeviceReport)
    case measuring(device: String)
    /// Links whose speeds are not known yet.
    case measuringLinks(Int)
    case identifying(shards: Int)
    case placed(PlacementPlan)
    /// Bytes of shards that the device holds by now, of those it needs.
    case sending(device: String, bytes: Int, of: Int)
    /// Shards were brought: bytes that went over the coordinator's link, and that devices gave each other.
    case brought(sentBytes: Int, passedOnBytes: Int)
    /// Shards on the device were damaged, as it says; they are brought again.
    case repairing(device: String, String)
    /// Parts loaded by now, of those in its stages.
    case loading(device: String, done: Int, of: Int)
    case ready(seconds: Double)
    /// A device was lost: answers wait until a placement stands again.
    case lost(String)
    /// No placement stands yet, and why; it is tried again.
    case waiting(String)
    /// What should be known, and changes nothing.
    case note(String)
}
