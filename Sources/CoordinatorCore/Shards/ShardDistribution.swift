package import Wire

/// Decides who gives which shard to whom, and when: what a device holds is passed on by it, the rest the coordinator sends, and what
/// several devices need crosses the coordinator's link once.
///
/// A value without clock or I/O: `begin` says what is to be done now, `finished` is told how it went, and `add` of more to bring.
package struct ShardDistribution {
    /// Shards that the coordinator sends to a device at a time, so that the check at one's end does not halt the next.
    package static let sendsPerDevice = 2
    /// Shards that a device gets from others at a time.
    package static let fetchesPerDevice = 2
    /// Devices that one device gives to at a time.
    package static let uploadsPerDevice = 2
    /// Bytes below which a shard that several devices need is sent to each: to wait for the first would take longer.
    package static let smallestShared = 1 << 20

    package struct Shard: Sendable, Hashable {
        package var id: ShardID
        package var bytes: Int

        package init(id: ShardID, bytes: Int) {
            self.id = id
            self.bytes = bytes
        }
    }

    /// A shard on its way to a device.
    package struct Transfer: Sendable, Hashable {
        package var device: String
        package var shard: Shard
        /// The devices that give it, in the order in which they are asked; empty where the coordinator sends it.
        package var sources: [String]
    }

    private struct Job {
        var device: String
        var shard: Shard
        var isActive = false
        var mayFetch = true
    }

    private var jobs: [Job] = []
    private var active: [Transfer] = []
    private var holders: [ShardID: Set<String>] = [:]
    /// For each device, those that did not give it what they hold: it does not ask them again, which takes its time.
    private var refusals: [String: Set<String>] = [:]

    package init() {}

    /// More is to be brought.
    ///
    /// - Parameters:
    ///   - lacking: what each device lacks, in the order in which it should come.
    ///   - holders: which devices hold a shard whole.
    package mutating func add(lacking: [String: [Shard]], holders: [ShardID: Set<String>]) {
        self.holders.merge(holders) { $0.union($1) }
        for (device, shards) in lacking.sorted(by: { $0.key < $1.key }) {
            jobs += shards.map { Job(device: device, shard: $0) }
        }
        // What others wait for goes first.
        let wanted = Dictionary(grouping: jobs, by: \.shard.id).mapValues(\.count)
        let order = jobs.indices.sorted {
            let (left, right) = (wanted[jobs[$0].shard.id]!, wanted[jobs[$1].shard.id]!)
            return left == right ? $0 < $1 : left > right
        }
        jobs = order.map { jobs[$0] }
    }

    /// Whether every device has what it was said to lack so far.
    package var isDone: Bool { jobs.isEmpty }

    /// The transfers that are to begin now.
    package mutating func begin() -> [Transfer] {
        var begun: [Transfer] = []
        for index in jobs.indices where !jobs[index].isActive {
            guard let transfer = transfer(for: jobs[index]) else { continue }
            jobs[index].isActive = true
            active.append(transfer)
            begun.append(transfer)
        }
        return begun
    }

    /// A transfer has ended; one from devices that failed is for the coordinator to do.
    package mutating func finished(_ transfer: Transfer, arrived: Bool) {
        active.removeAll { $0 == transfer }
        guard
            let index = jobs.firstIndex(where: { $0.device == transfer.device && $0.shard.id == transfer.shard.id })
        else { return }
        if arrived {
            jobs.remove(at: index)
            holders[transfer.shard.id, default: []].insert(transfer.device)
        } else {
            jobs[index].isActive = false
            jobs[index].mayFetch = false
            refusals[transfer.device, default: []].formUnion(transfer.sources)
        }
    }

    private func transfer(for job: Job) -> Transfer? {
        let ofDevice = active.filter { $0.device == job.device }
        let sources =
            job.mayFetch
            ? holders[job.shard.id, default: []].subtracting([job.device]).subtracting(refusals[job.device] ?? []) : []
        if !sources.isEmpty {
            let uploads = Dictionary(grouping: active.compactMap(\.sources.first)) { $0 }.mapValues(\.count)
            let ordered = sources.sorted { (uploads[$0] ?? 0, $0) < (uploads[$1] ?? 0, $1) }
            guard ofDevice.count(where: { !$0.sources.isEmpty }) < Self.fetchesPerDevice,
                uploads[ordered[0]] ?? 0 < Self.uploadsPerDevice
            else { return nil }
            return Transfer(device: job.device, shard: job.shard, sources: ordered)
        }
        let comesElsewhere = active.contains { $0.shard.id == job.shard.id }
        if comesElsewhere, job.mayFetch, job.shard.bytes >= Self.smallestShared { return nil }
        guard ofDevice.count(where: \.sources.isEmpty) < Self.sendsPerDevice else { return nil }
        return Transfer(device: job.device, shard: job.shard, sources: [])
    }
}
