/// How long devices may make no headway with what they are asked for, before they are taken for lost: one that answers every ping may
/// do nothing else.
package struct HeadwayLimits: Sendable, Hashable {
    /// Between looks. Time is counted in looks, so that a pause of this process is not taken for one of a device.
    package var look = Duration.seconds(1)
    /// For a step, however short it is expected to be, and how many times as long as expected.
    package var step = Duration.seconds(20)
    package var stepTimes = 50.0
    /// For a piece of a shard, and for a part of a stage.
    package var transfer = Duration.seconds(60)
    package var load = Duration.seconds(60)
    /// For each device that a shard may be got from, and once more: more than a worker gives a source that is silent.
    package var fetch = Duration.seconds(20)
    /// For what a device says of itself: it may be hashing shards.
    package var describing = Duration.seconds(30)
    /// For what a device only has to look up, and for measuring, which devices of one machine do in turns.
    package var answer = Duration.seconds(60)
    package var measuring = Duration.seconds(180)
    /// For how long a device that did nothing is left out of placements the first time.
    package var leftOut = Duration.seconds(60)
    /// What the slowest disk reads in a second: what is to be hashed, or was paged out, is read from it before there is headway.
    package var diskBytesPerSecond = 10e6
    /// What comes over the slowest link in a second.
    package var linkBytesPerSecond = 50e3
    /// How many times as long as reading it from the slowest disk the loading of a stage may take.
    package var loadTimes = 5.0

    package init() {}

    /// The least speed of loading.
    var loadBytesPerSecond: Double { diskBytesPerSecond / loadTimes }

    /// A limit for a device that gets a shard from others: for each of them and once more.
    package func fetching(_ bytes: Int, sources: Int) -> Duration { reading(bytes, fetch) * (sources + 1) }

    /// A limit for what may have to read so much from the disk first.
    func reading(_ bytes: Int, _ limit: Duration) -> Duration {
        limit + .seconds(Double(bytes) / diskBytesPerSecond)
    }

    /// The longest that the stages may take for a step.
    ///
    /// - Parameter expected: what it is expected to take, in seconds.
    func step(expected: Double, stageBytes: Int) -> Duration {
        max(reading(stageBytes, step), .seconds(min(stepTimes * expected, 1e6)))
    }
}

/// Tells when something makes no headway, or too little. A pure value, which is told of every look.
package struct HeadwayWatch: Sendable, Hashable {
    /// How long it was waited for more than what there was took, up to now.
    package private(set) var waited = Duration.zero
    /// Since the last headway, and since the first look.
    package private(set) var still = Duration.zero
    package private(set) var elapsed = Duration.zero
    /// The headway since the first look.
    package private(set) var gained: UInt64 = 0
    private var reached: UInt64?

    package init() {}

    /// Takes a look at how far it has come; another number is headway.
    ///
    /// - Returns: whether it has made none for as long as `limit`.
    package mutating func look(at reached: UInt64, every interval: Duration, limit: Duration) -> Bool {
        look(at: reached, every: interval, limit: limit) { _ in .zero }
    }

    /// Takes a look at how many bytes there are. All of them may take `limit` and what they take at the least speed, and nothing that is told
    /// in between makes it longer.
    ///
    /// - Returns: whether it has taken longer.
    package mutating func look(
        at reached: UInt64, every interval: Duration, limit: Duration, bytesPerSecond: Double
    ) -> Bool {
        let waited = waited
        return look(at: reached, every: interval, limit: limit) { gain in
            max(.zero, waited + interval - .seconds(min(Double(gain) / bytesPerSecond, 1e9)))
        }
    }

    /// - Parameter rest: what it is taken to have waited after so much headway.
    private mutating func look(
        at reached: UInt64, every interval: Duration, limit: Duration, rest: (_ gain: UInt64) -> Duration
    ) -> Bool {
        defer { self.reached = reached }
        guard let before = self.reached else { return waited >= limit }
        elapsed += interval
        if before == reached {
            waited += interval
            still += interval
        } else {
            let gain = reached > before ? reached - before : 0
            gained += gain
            waited = rest(gain)
            still = .zero
        }
        return waited >= limit
    }
}
