import Synchronization

/// Counts the bytes of shards by the way they came. Safe from any thread.
final class ShardTraffic: Sendable {
    private let overLink = Atomic<Int>(0)
    private let between = Atomic<Int>(0)

    /// The coordinator sent a piece.
    func sent(_ bytes: Int) { overLink.add(bytes, ordering: .relaxed) }

    /// A device gave another one a shard.
    func passedOn(_ bytes: Int) { between.add(bytes, ordering: .relaxed) }

    var sentBytes: Int { overLink.load(ordering: .relaxed) }
    var passedOnBytes: Int { between.load(ordering: .relaxed) }
}

/// How much of each shard a device holds; reports the sum. Safe from any thread.
final class HeldTally: Sendable {
    private let held: Mutex<[String: Int]>
    private let report: @Sendable (Int) -> Void

    init(report: @escaping @Sendable (Int) -> Void) {
        held = Mutex([:])
        self.report = report
    }

    /// - Parameter part: the name of what is held.
    func set(_ part: String, _ bytes: Int) {
        report(
            held.withLock { held in
                held[part] = bytes
                return held.values.reduce(0, +)
            })
    }

    /// Sets several parts at once.
    func set(_ parts: [String: Int]) {
        report(
            held.withLock { held in
                held.merge(parts) { $1 }
                return held.values.reduce(0, +)
            })
    }
}
