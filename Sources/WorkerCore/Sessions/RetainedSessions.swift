/// Sessions whose coordinator is gone without a goodbye, and since when. A pure value, which is told the time.
package struct RetainedSessions: Sendable {
    /// How long a session is kept: enough to start a coordinator again, or to mend a network.
    package static let standardLimit = Duration.seconds(600)

    private let limit: Duration
    private var since: [UInt64: ContinuousClock.Instant] = [:]

    package init(limit: Duration = standardLimit) { self.limit = limit }

    /// A coordinator is gone.
    package mutating func retain(_ session: UInt64, at now: ContinuousClock.Instant) { since[session] = now }

    /// It is back, or its session is over.
    ///
    /// - Returns: whether the session was retained.
    @discardableResult
    package mutating func remove(_ session: UInt64) -> Bool { since.removeValue(forKey: session) != nil }

    /// Takes out the sessions whose time is over, the longest retained first.
    package mutating func takeExpired(at now: ContinuousClock.Instant) -> [UInt64] {
        let expired = since.filter { now - $0.value >= limit }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        for (session, _) in expired { since[session] = nil }
        return expired.map(\.key)
    }

    /// Takes out the one that is retained longest, other than one.
    package mutating func takeLongest(except session: UInt64) -> UInt64? {
        let longest = since.filter { $0.key != session }.min { ($0.value, $0.key) < ($1.value, $1.key) }
        if let longest { since[longest.key] = nil }
        return longest?.key
    }

    /// When the next one's time is over.
    package var nextExpiry: ContinuousClock.Instant? { since.values.min()?.advanced(by: limit) }
}
