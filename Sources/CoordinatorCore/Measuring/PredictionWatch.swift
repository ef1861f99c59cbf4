/// Tells when what is measured parts from what was predicted. A pure value.
///
/// The rule: the profiles are stale once decoding was more than a fifth faster or slower than predicted in twenty observations in a row, one
/// a second, each with the same number of streams for some seconds. Stale they stay until they are measured again.
package struct PredictionWatch: Sendable, Hashable {
    /// The share by which a measurement may part from the prediction.
    package static let tolerance = 0.2
    /// Observations in a row.
    package static let patience = 20
    /// Seconds between observations.
    package static let interval = 1.0

    package private(set) var isStale = false
    private var inARow = 0
    private var last: ContinuousClock.Instant?

    package init() {}

    /// Whether it is time for an observation.
    package func isDue(at now: ContinuousClock.Instant) -> Bool {
        last.map { now - $0 >= .seconds(Self.interval) } ?? true
    }

    /// Takes an observation, in tokens per second.
    package mutating func observe(measured: Double, predicted: Double, at now: ContinuousClock.Instant) {
        last = now
        guard predicted > 0 else { return }
        inARow = abs(measured / predicted - 1) > Self.tolerance ? inARow + 1 : 0
        if inARow >= Self.patience { isStale = true }
    }
}
