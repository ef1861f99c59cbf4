package import ClusterStore

/// What keys have asked of late and what they ask now, held against their limits.
///
/// A value that is told the time. What is known of a key is forgotten when the key is gone.
package struct KeyUsage: Sendable {
    /// Why a request must wait.
    package enum Refusal: Error, Equatable {
        /// The rate; so long until the next request may come.
        case rate(limit: Int, wait: Duration)
        /// So many answers are being generated.
        case concurrency(limit: Int)
    }

    private struct Use {
        var bucket: TokenBucket
        var answers = 0
    }

    private var uses: [String: Use] = [:]

    package init() {}

    /// A request with a key has come.
    ///
    /// - Parameter isAnswer: whether it asks for an answer; then `end` is to be called once that is over.
    package mutating func begin(_ key: AccessKey, isAnswer: Bool, now: ContinuousClock.Instant) throws(Refusal) {
        var use = uses[key.id] ?? Use(bucket: TokenBucket(now: now))
        defer { uses[key.id] = use }
        if isAnswer, let limit = key.limits.concurrentRequests, use.answers >= limit {
            throw .concurrency(limit: limit)
        }
        if let limit = key.limits.requestsPerMinute, let wait = use.bucket.take(limit: limit, now: now) {
            throw .rate(limit: limit, wait: wait)
        }
        if isAnswer { use.answers += 1 }
    }

    /// An answer is over.
    package mutating func end(_ id: String) { uses[id]?.answers -= 1 }

    /// Forgets all keys but these.
    package mutating func keep(_ ids: Set<String>) { uses = uses.filter { ids.contains($0.key) } }
}
