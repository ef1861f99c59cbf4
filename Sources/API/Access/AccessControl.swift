package import ClusterStore
import Dispatch
package import Logging
import Synchronization

/// Who may use the API: holders of a key once there is one, or always.
///
/// Keys are read anew when a request comes and they were read more than a second ago, so that changes hold without a restart. The
/// read happens on a queue of its own. Safe from any thread.
package final class AccessControl: Sendable {
    /// When a key is needed.
    package enum Requirement: Sendable, Hashable {
        /// Once there is a key.
        case onceKeysExist
        /// Also when there is none.
        case always
    }

    /// What no other key has as its id.
    private static let ownerID = "owner"
    /// How old the list of keys may be.
    package static let freshness = Duration.seconds(1)

    private let requirement: Requirement
    /// The owner's, who asks from this machine: without limits, whatever keys there are.
    private let owner: AccessKey?
    private let read: @Sendable () throws -> [AccessKey]
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let queue = DispatchQueue(label: "shoal.access")
    private let state = Mutex(State())

    private struct State {
        /// `nil` before the first read.
        var keys: [AccessKey]?
        var readAt: ContinuousClock.Instant?
        var reading: Task<[AccessKey]?, Never>?
        var usage = KeyUsage()
    }

    /// - Parameters:
    ///   - owner: the secret of the coordinator's owner, which is taken from clients on this machine alone; `nil` is none.
    ///   - read: reads the keys; may block.
    package init(
        _ requirement: Requirement, owner: String? = nil, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        read: @escaping @Sendable () throws -> [AccessKey]
    ) {
        self.requirement = requirement
        self.owner = owner.map { secret in
            AccessKey(id: Self.ownerID, name: "owner", secretHash: AccessKey.hash(of: secret), createdAt: 0)
        }
        self.logger = logger
        self.now = now
        self.read = read
    }

    /// The key of a request.
    ///
    /// - Parameters:
    ///   - authorization: the header of that name.
    ///   - isLocal: whether the client is on this machine.
    /// - Returns: `nil` where none is needed.
    /// - Throws: 401 without a valid key, 503 while keys cannot be read.
    package func key(authorization: String?, isLocal: Bool) async throws(APIError) -> AccessKey? {
        if isLocal, let owner, let secret = Self.secret(authorization), owner.matches(AccessKey.hash(of: secret)) {
            return owner
        }
        guard let keys = await keys() else { throw .unavailable("the keys of access cannot be read now") }
        if keys.isEmpty, requirement == .onceKeysExist { return nil }
        guard let authorization else {
            throw .unauthorized(
                "this server asks for a key: send Authorization: Bearer KEY (keys are made with: shoal key add NAME)")
        }
        guard let secret = Self.secret(authorization) else {
            throw .unauthorized("the Authorization header is not of the form: Bearer KEY")
        }
        let hash = AccessKey.hash(of: secret)
        // All are looked at, so that the time does not tell which one it is.
        let matching = keys.filter { $0.matches(hash) }
        guard let key = matching.first else {
            throw .unauthorized("the key is not known here: it is mistyped, or was removed")
        }
        return key
    }

    /// What stands behind `Bearer`; `nil` for another form.
    private static func secret(_ authorization: String?) -> Substring? {
        guard let parts = authorization?.split(separator: " ", omittingEmptySubsequences: true), parts.count == 2,
            parts[0].lowercased() == "bearer"
        else { return nil }
        return parts[1]
    }

    /// Holds a request with a key against the key's limits.
    ///
    /// - Returns: for a request for an answer, what is to be held while that is generated.
    /// - Throws: 429.
    func admit(_ key: AccessKey, isAnswer: Bool) throws(APIError) -> AccessPermit? {
        let now = now()
        do throws(KeyUsage.Refusal) {
            try state.withLock { (state: inout sending State) throws(KeyUsage.Refusal) in
                try state.usage.begin(key, isAnswer: isAnswer, now: now)
            }
        } catch {
            throw .rateLimited(error)
        }
        guard isAnswer else { return nil }
        return AccessPermit { [weak self] in self?.state.withLock { $0.usage.end(key.id) } }
    }

    /// The keys as they were at most a second ago; `nil` when they could never be read.
    private func keys() async -> [AccessKey]? {
        let now = now()
        let (fresh, reading) = state.withLock { state -> ([AccessKey]?, Task<[AccessKey]?, Never>?) in
            if let keys = state.keys, let readAt = state.readAt, now - readAt < Self.freshness { return (keys, nil) }
            let reading = state.reading ?? Task { await self.readAgain() }
            state.reading = reading
            return (nil, reading)
        }
        guard let reading else { return fresh }
        return await reading.value
    }

    private func readAgain() async -> [AccessKey]? {
        let began = now()
        let result: Result<[AccessKey], any Error> = await withCheckedContinuation { done in
            queue.async { [read] in done.resume(returning: Result { try read() }) }
        }
        // Keys that were known stay good while the store cannot be read, and nobody is let in without one.
        if case .failure(let error) = result { logger.error("the keys of access cannot be read: \(error)") }
        return state.withLock { state in
            state.reading = nil
            if case .success(let keys) = result {
                state.keys = keys
                state.usage.keep(Set(keys.map(\.id)))
            }
            state.readAt = began
            return state.keys
        }
    }
}
