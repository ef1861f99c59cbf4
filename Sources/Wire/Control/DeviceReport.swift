import CWireProto

/// What a worker is and holds now.
package struct DeviceReport: Sendable, Hashable {
    /// The device's name.
    package var name: String
    /// The worker's program version.
    package var softwareVersion: String
    /// Physical or logical cores that the system reports.
    package var cores: UInt32
    /// Threads that compute.
    package var threads: UInt32
    /// The kernels in use, such as "avx2" or "neon".
    package var instructionSet: String
    /// The processor architecture.
    package var architecture: Architecture
    /// What stages may take, in bytes.
    package var memoryBudgetBytes: UInt64
    /// The process's resident size, in bytes.
    package var residentBytes: UInt64
    /// What the shard store holds on disk, in bytes.
    package var storeBytes: UInt64
    /// The stages that are loaded.
    package var stages: [StageReport]
    /// How fast it is; `nil` where that was not measured yet.
    package var profile: DeviceProfile?
    /// What the shard store may take on disk, in bytes; 0 is no limit.
    package var storeLimitBytes: UInt64
    /// The worker's process: 32 lower-case hexadecimal digits that no other has; empty where it does not say.
    package var instance: String
    /// Whether the name was given to the device, and is not just its host's.
    package var isNamed: Bool
    /// What its sensors say; `nil` where it looks at none.
    package var sensors: DeviceSensors?
    /// Its clock, in seconds since 1970; 0 where it does not tell.
    package var clockSeconds: UInt64
    /// What is wrong with it; `nil` where that was not asked for, or its program does not know the question.
    package var diagnosis: [DeviceFinding]?

    package init(
        name: String, softwareVersion: String, cores: UInt32, threads: UInt32, instructionSet: String,
        architecture: Architecture, memoryBudgetBytes: UInt64, residentBytes: UInt64, storeBytes: UInt64,
        stages: [StageReport], profile: DeviceProfile? = nil, storeLimitBytes: UInt64 = 0,
        instance: String = "", isNamed: Bool = false,
        sensors: DeviceSensors? = nil, clockSeconds: UInt64 = 0, diagnosis: [DeviceFinding]? = nil
    ) {
        self.name = name
        self.softwareVersion = softwareVersion
        self.cores = cores
        self.threads = threads
        self.instructionSet = instructionSet
        self.architecture = architecture
        self.memoryBudgetBytes = memoryBudgetBytes
        self.residentBytes = residentBytes
        self.storeBytes = storeBytes
        self.stages = stages
        self.profile = profile
        self.storeLimitBytes = storeLimitBytes
        self.instance = instance
        self.isNamed = isNamed
        self.sensors = sensors
        self.clockSeconds = clockSeconds
        self.diagnosis = diagnosis
    }
}

extension DeviceReport {
    init(_ proto: Shoal__DeviceReport) throws(WireError) {
        name = try ProtoReading.text(proto.name, "DeviceReport.name", limit: WireLimits.nameBytes)
        softwareVersion = try ProtoReading.text(
            proto.software_version, "DeviceReport.software_version", limit: WireLimits.nameBytes)
        cores = try ProtoReading.range(proto.cores, 0...WireLimits.deviceThreads, "DeviceReport.cores")
        threads = try ProtoReading.range(proto.threads, 0...WireLimits.deviceThreads, "DeviceReport.threads")
        instructionSet = try ProtoReading.text(
            proto.instruction_set, "DeviceReport.instruction_set", limit: WireLimits.nameBytes)
        architecture = try ProtoReading.known(proto.architecture.rawValue, "DeviceReport.architecture")
        memoryBudgetBytes = try ProtoReading.memory(proto.memory_budget_bytes, "DeviceReport.memory_budget_bytes")
        residentBytes = try ProtoReading.memory(proto.resident_bytes, "DeviceReport.resident_bytes")
        storeBytes = try ProtoReading.memory(proto.store_bytes, "DeviceReport.store_bytes")
        stages = try ProtoReading.list(
            proto.stages, proto.n_stages, "DeviceReport.stages", limit: WireLimits.stagesPerReport
        ) { (stage) throws(WireError) in
            guard let stage else { throw WireError(.malformedMessage, "DeviceReport.stages: missing") }
            return try StageReport(stage.pointee)
        }
        profile = if let profile = proto.profile { try DeviceProfile(profile.pointee) } else { nil }
        storeLimitBytes = try ProtoReading.memory(proto.store_limit_bytes, "DeviceReport.store_limit_bytes")
        instance = try ProtoReading.identity(proto.instance, "DeviceReport.instance") ?? ""
        isNamed = proto.is_named != 0
        sensors = if let sensors = proto.sensors { try DeviceSensors(sensors.pointee) } else { nil }
        clockSeconds = try ProtoReading.count(proto.clock_seconds, "DeviceReport.clock_seconds")
        diagnosis =
            if let diagnosis = proto.diagnosis { try DeviceFinding.list(diagnosis.pointee) } else { nil }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__DeviceReport> {
        let proto = arena.make(shoal__device_report__init)
        proto.pointee.name = arena.text(name, limit: WireLimits.nameBytes)
        proto.pointee.software_version = arena.text(softwareVersion, limit: WireLimits.nameBytes)
        proto.pointee.cores = min(cores, WireLimits.deviceThreads)
        proto.pointee.threads = min(threads, WireLimits.deviceThreads)
        proto.pointee.instruction_set = arena.text(instructionSet, limit: WireLimits.nameBytes)
        proto.pointee.architecture = Shoal__Architecture(rawValue: architecture.rawValue)
        proto.pointee.memory_budget_bytes = min(memoryBudgetBytes, WireLimits.deviceBytes)
        proto.pointee.resident_bytes = min(residentBytes, WireLimits.deviceBytes)
        proto.pointee.store_bytes = min(storeBytes, WireLimits.deviceBytes)
        guard stages.count <= WireLimits.stagesPerReport else {
            throw WireError(.tooLarge, "DeviceReport.stages: \(stages.count) stages")
        }
        let list = arena.array(of: UnsafeMutablePointer<Shoal__StageReport>?.self, count: stages.count)
        for (index, stage) in stages.enumerated() { list[index] = try stage.proto(&arena) }
        proto.pointee.n_stages = stages.count
        proto.pointee.stages = list
        if let profile { proto.pointee.profile = try profile.proto(&arena) }
        proto.pointee.store_limit_bytes = min(storeLimitBytes, WireLimits.deviceBytes)
        proto.pointee.instance = arena.text(instance, limit: WireLimits.nameBytes)
        proto.pointee.is_named = isNamed ? 1 : 0
        if let sensors { proto.pointee.sensors = sensors.proto(&arena) }
        proto.pointee.clock_seconds = min(clockSeconds, WireLimits.count)
        if let diagnosis { proto.pointee.diagnosis = DeviceFinding.proto(diagnosis, &arena) }
        return proto
    }
}
