/// A rate limit: a bucket that holds a minute's requests, fills evenly, and gives one for each request.
///
/// A value that is told the time.
package struct TokenBucket: Sendable {
    /// What was left at `updatedAt`; `nil` is a full bucket.
    private var level: Double?
    private var updatedAt: ContinuousClock.Instant

    /// A full bucket.
    package init(now: ContinuousClock.Instant) { updatedAt = now }

    /// Takes one request.
    ///
    /// - Parameter limit: requests in a minute, at least 1; may change from one call to the next.
    /// - Returns: how long until there is one, when there is none now; then nothing was taken.
    package mutating func take(limit: Int, now: ContinuousClock.Instant) -> Duration? {
        let (capacity, perSecond) = (Double(limit), Double(limit) / 60)
        let filled = level.map { $0 + (now - updatedAt) / .seconds(1) * perSecond } ?? capacity
        let level = min(filled, capacity)
        updatedAt = now
        // Sums of thirds and sevenths come out a little below the whole request that they are.
        guard level >= 1 - 1e-9 else {
            self.level = level
            return .seconds((1 - level) / perSecond)
        }
        self.level = level - 1
        return nil
    }
}
