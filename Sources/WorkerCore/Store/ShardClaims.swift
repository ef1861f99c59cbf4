import Synchronization
import Wire

/// Which shards must stay in a store, and how large they will become. Safe from any thread.
final class ShardClaims: Sendable {
    /// What one claim is on.
    fileprivate struct Claimed {
        var ids: Set<ShardID> = []
        /// Bytes that all files of a shard will take, where they are still being written.
        var expected: [ShardID: Int] = [:]
    }

    private let claims = Mutex<[ObjectIdentifier: Claimed]>([:])

    /// Calls `body` with all shards that are claimed and with what they will take; no claim changes until it returns.
    func withAll<Result>(_ body: (_ ids: Set<ShardID>, _ expected: [ShardID: Int]) -> Result) -> Result {
        claims.withLock { claims in
            var ids: Set<ShardID> = []
            var expected: [ShardID: Int] = [:]
            for claim in claims.values {
                ids.formUnion(claim.ids)
                expected.merge(claim.expected) { max($0, $1) }
            }
            return body(ids, expected)
        }
    }

    /// Calls `body` with what all shards that are being written will take.
    func withExpected<Result>(_ body: (_ expected: [ShardID: Int]) -> Result) -> Result {
        claims.withLock { claims in
            var expected: [ShardID: Int] = [:]
            for claim in claims.values where !claim.expected.isEmpty {
                expected.merge(claim.expected) { max($0, $1) }
            }
            return body(expected)
        }
    }

    fileprivate func change<Result>(_ claim: ShardClaim, _ body: (inout Claimed) -> Result) -> Result {
        claims.withLock { body(&$0[ObjectIdentifier(claim), default: Claimed()]) }
    }

    fileprivate func remove(_ claim: ObjectIdentifier) { claims.withLock { $0[claim] = nil } }
}

/// Keeps shards in the store while it lives: those of a loaded stage, or those that a coordinator is about to need.
///
/// Safe from any thread.
package final class ShardClaim: Sendable {
    private let claims: ShardClaims

    init(_ claims: ShardClaims) { self.claims = claims }

    deinit { claims.remove(ObjectIdentifier(self)) }

    /// Claims these shards, in place of those before.
    func hold(_ ids: some Sequence<ShardID>) {
        claims.change(self) { $0 = .init(ids: Set(ids)) }
    }

    /// Claims one more shard, whose files will take `bytes` together.
    ///
    /// - Returns: whether that was not known before.
    func expect(_ id: ShardID, bytes: Int) -> Bool {
        claims.change(self) { claimed in
            claimed.ids.insert(id)
            return claimed.expected.updateValue(bytes, forKey: id) != bytes
        }
    }

    /// A shard takes no more than it does now.
    func settle(_ id: ShardID) {
        claims.change(self) { _ = $0.expected.removeValue(forKey: id) }
    }
}
