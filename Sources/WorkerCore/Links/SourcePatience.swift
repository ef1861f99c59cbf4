/// How long a device that gives a shard may give less than the slowest link carries. A pure value, which is told of every look.
package struct SourcePatience: Sendable {
    /// Between looks.
    package static let look = Duration.seconds(1)
    /// What comes over the slowest link in a second: the coordinator counts so too, and would take a worker for lost that waits for longer.
    private static let bytesPerSecond = 50e3

    private let limit: Duration
    private var waited = Duration.zero
    private var seen: Int?

    private init(limit: Duration) { self.limit = limit }

    /// With one device: it has to hash a shard first that it did not look at since it changed, from the slowest of disks.
    package static func ofOne(shardBytes: UInt64) -> SourcePatience { SourcePatience(limit: reading(shardBytes)) }

    /// With all that are asked, of which some may give wrong bytes: a little less than the coordinator waits for the shard.
    package static func ofAll(_ sources: Int, shardBytes: UInt64) -> SourcePatience {
        SourcePatience(limit: reading(shardBytes) * (sources + 1))
    }

    private static func reading(_ bytes: UInt64) -> Duration { .seconds(15) + .seconds(Double(bytes) / 10e6) }

    /// Takes a look at how many bytes came in all.
    ///
    /// - Returns: whether they took longer than `limit` and what they take at the least speed.
    package mutating func isOver(at bytes: Int) -> Bool {
        defer { seen = bytes }
        guard let seen else { return false }
        waited = max(.zero, waited + Self.look - .seconds(Double(bytes - seen) / Self.bytesPerSecond))
        return waited >= limit
    }
}
