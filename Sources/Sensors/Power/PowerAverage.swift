/// The mean power over the samples that it is given. A pure value, which is told the time.
package struct PowerAverage: Sendable {
    private var last: (sample: PowerSample, at: Duration)?
    private var joules = 0.0
    private var seconds = 0.0

    package init() {}

    /// Takes a sample. Between two of an instant the mean of both counts; counters say it themselves.
    ///
    /// - Parameter at: since any moment; samples come in order.
    package mutating func add(_ sample: PowerSample, at: Duration) {
        defer { last = (sample, at) }
        guard let last else { return }
        let passed = (at - last.at) / .seconds(1)
        guard passed > 0, let watts = Self.watts(from: last.sample, to: sample, seconds: passed) else { return }
        joules += watts * passed
        seconds += passed
    }

    /// The time between was another: what comes next is the first of a new run.
    package mutating func pause() { last = nil }

    /// Watts; `nil` where there were no two samples.
    package var watts: Double? { seconds > 0 ? joules / seconds : nil }

    /// Joules of all the time that samples were taken in.
    package var totalJoules: Double { joules }

    /// - Returns: `nil` where samples are of two kinds, or a counter says what cannot be.
    static func watts(from first: PowerSample, to second: PowerSample, seconds: Double) -> Double? {
        switch (first, second) {
        case (.watts(let one), .watts(let other)): return (one + other) / 2
        case (.joules(let before), .joules(let after)) where before.count == after.count:
            var microjoules = 0.0
            for (one, other) in zip(before, after) {
                var passed = other.microjoules - one.microjoules
                if passed < 0 {
                    // It began again at 0, once: nobody waits as long as it takes to do so twice.
                    guard one.range >= one.microjoules else { return nil }
                    passed = one.range - one.microjoules + other.microjoules
                }
                microjoules += Double(passed)
            }
            return microjoules / 1e6 / seconds
        default: return nil
        }
    }
}
