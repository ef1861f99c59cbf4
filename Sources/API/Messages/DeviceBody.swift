import CoordinatorCore
import Placement
import Wire

/// One device of `GET /api/cluster`. What the device says of itself is absent while it is not connected.
package struct DeviceBody: Codable, Sendable, Equatable {
    /// What is special about a device.
    package struct Mark: Codable, Sendable, Equatable {
        /// `drained`, `left_out`, `unused`, `hot`, `slow` or `version`.
        package var kind: String
        /// Why, for people.
        package var reason: String
    }

    package var name: String
    /// `HOST:PORT`, or `in process`.
    package var address: String
    package var connected: Bool
    /// Why it was lost the last time, where it is away or gets no layers for it.
    package var trouble: String?
    /// Such as that it was drained; absent where there is nothing to say.
    package var marks: [Mark]?
    package var softwareVersion: String?
    package var architecture: String?
    package var instructionSet: String?
    package var cores: Int?
    package var threads: Int?
    /// What stages may take.
    package var memoryBudgetBytes: UInt64?
    /// What the process takes.
    package var residentBytes: UInt64?
    /// What its shard store takes on disk.
    package var storeBytes: UInt64?
    /// What the store may take; 0 is no limit.
    package var storeLimitBytes: UInt64?
    /// The weights of its loaded stages.
    package var weightBytes: UInt64?
    /// The KV caches of its loaded stages.
    package var keyValueBytes: UInt64?
    /// How fast it is, where that was measured.
    package var profile: ProfileBody?
    /// What its sensors tell.
    package var sensors: SensorsBody?

    enum CodingKeys: String, CodingKey {
        case name, address, connected, architecture, cores, threads, profile, sensors, trouble, marks
        case softwareVersion = "software_version"
        case instructionSet = "instruction_set"
        case memoryBudgetBytes = "memory_budget_bytes"
        case residentBytes = "resident_bytes"
        case storeBytes = "store_bytes"
        case storeLimitBytes = "store_limit_bytes"
        case weightBytes = "weight_bytes"
        case keyValueBytes = "key_value_bytes"
    }
}

extension DeviceBody {
    init(_ status: DeviceStatus) {
        let report = status.report
        self.init(
            name: status.name, address: status.address, connected: status.connected, trouble: status.trouble,
            marks: status.marks.isEmpty ? nil : status.marks.map { Mark(kind: $0.kind.rawValue, reason: $0.reason) },
            softwareVersion: report?.softwareVersion, architecture: report.map { "\($0.architecture)" },
            instructionSet: report?.instructionSet, cores: report.map { Int($0.cores) },
            threads: report.map { Int($0.threads) }, memoryBudgetBytes: report?.memoryBudgetBytes,
            residentBytes: report?.residentBytes, storeBytes: report?.storeBytes,
            storeLimitBytes: report?.storeLimitBytes,
            weightBytes: report.map { $0.stages.reduce(0) { $0.saturatingAdd($1.weightBytes) } },
            keyValueBytes: report.map { $0.stages.reduce(0) { $0.saturatingAdd($1.keyValueBytes) } },
            profile: report?.profile.map(ProfileBody.init), sensors: report?.sensors.map(SensorsBody.init))
    }
}
