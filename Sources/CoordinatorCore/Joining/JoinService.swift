package import ClusterStore
package import Dispatch
package import Identity
package import Logging
import Synchronization
package import Transport
package import Wire

/// Takes devices into the cluster, renews their certificates, and shuts devices out.
///
/// Its listener is one of its own: see `linkOptions`. Safe from any thread; the store is used on a queue.
package final class JoinService: Sendable {
    /// What the coordinator does when the cluster changes; called on any thread, must return quickly.
    package struct Actions: Sendable {
        /// A device joined, or is at another address than before.
        package var joined: @Sendable (DeviceDeclaration) -> Void
        /// The device of this name was removed.
        package var removed: @Sendable (_ name: String) -> Void
        /// The device of this name has another one now.
        package var renamed: @Sendable (_ name: String, DeviceDeclaration) -> Void

        package init(
            joined: @escaping @Sendable (DeviceDeclaration) -> Void = { _ in },
            removed: @escaping @Sendable (_ name: String) -> Void = { _ in },
            renamed: @escaping @Sendable (_ name: String, DeviceDeclaration) -> Void = { _, _ in }
        ) {
            self.joined = joined
            self.removed = removed
            self.renamed = renamed
        }
    }

    /// The default port of the join listener.
    package static let port = Endpoint.joinPort
    /// How many may ask at a time; one device cannot keep the others out.
    package static let connectionBounds = ConnectionBounds(connections: 32, connectionsOfAddress: 8)
    /// How long one may take for all that it wants.
    package static let standardPatience = DispatchTimeInterval.seconds(10)

    package let authority: Authority
    package let store: ClusterStore
    package let security: LinkSecurity
    let actions: Actions
    /// Where it is recorded who comes and goes.
    package let history: ClusterHistory
    let clock: LinkSecurity.Clock
    let patience: DispatchTimeInterval
    /// How long a device waits for its code to be typed.
    let pairingSeconds: Int
    /// How long a device may take to join once its code was typed.
    let approvalPatience: DispatchTimeInterval
    let desk = PairingDesk()
    let logger: Logger
    let queue = DispatchQueue(label: "shoal.joining")
    /// The members' names by their ids, as they were last looked at.
    let names = Mutex<[String: String]>([:])

    package init(
        authority: Authority, store: ClusterStore, security: LinkSecurity, actions: Actions = Actions(),
        history: ClusterHistory = ClusterHistory(),
        clock: @escaping LinkSecurity.Clock = LinkSecurity.systemClock,
        patience: DispatchTimeInterval = standardPatience, pairingSeconds: Int = standardPairingSeconds,
        approvalPatience: DispatchTimeInterval = .seconds(20), logger: Logger
    ) {
        self.authority = authority
        self.store = store
        self.security = security
        self.actions = actions
        self.history = history
        self.clock = clock
        self.patience = patience
        self.pairingSeconds = pairingSeconds
        self.approvalPatience = approvalPatience
        self.logger = logger
    }

    /// Small frames only: a stranger may open these links.
    package static var linkOptions: LinkOptions {
        var options = LinkOptions()
        options.limits = .handshake
        options.maximumPendingBytes = 1 << 20
        return options
    }

    /// The answer to a hello on the join listener.
    package func welcome(_ hello: Hello) -> Result<Welcome, Refusal> {
        guard hello.role == .join else {
            return .failure(Refusal(code: .notAllowed, message: "this port is for joining the cluster only"))
        }
        return .success(
            Welcome(version: ProtocolVersion.highest, name: "coordinator", softwareVersion: SoftwareVersion.current))
    }

    /// The handler of a link whose hello was welcomed.
    package func handler(for peer: PeerIdentity) -> any LinkHandler { JoinLink(service: self) }

    /// The members as devices to place on. Links to their addresses are taken from them alone. May block.
    ///
    /// - Throws: `ClusterStoreError`
    package func devices() throws(ClusterStoreError) -> [DeviceDeclaration] {
        try store.members().compactMap { declaration(of: $0) }
    }

    /// Removes a member: its links are closed, all workers are told, and its certificate is not taken any more.
    ///
    /// - Throws: `CoordinatorError`: invalidRequest when there is no such member, unavailable when the store cannot be changed.
    package func remove(_ name: String) async throws(CoordinatorError) {
        let result = await queue.result { [self] in
            Result { () throws(ClusterStoreError) in
                let member = try store.removeMember(named: name, now: clock())
                if member != nil { try followRemovals() }
                return member != nil
            }
        }
        do {
            guard try result.get() else {
                throw CoordinatorError(
                    .invalidRequest,
                    "no device \"\(name)\" has joined this cluster; `shoal devices` shows those that have")
            }
        } catch let error as CoordinatorError {
            throw error
        } catch {
            throw CoordinatorError(.unavailable, "\(error)")
        }
    }

    /// Obeys removals and renamings that another process made, such as `shoal remove` while it could not reach this one, until cancelled.
    package func watchStore() async {
        while !Task.isCancelled {
            await queue.result { [self] in
                do {
                    try followRemovals()
                    try followRenamings()
                } catch {
                    logger.warning("the list of members cannot be read", metadata: ["reason": "\(error)"])
                }
            }
            try? await Task.sleep(for: .seconds(2))
        }
    }

    /// Shuts out whom the store says is removed. On the queue.
    func followRemovals() throws(ClusterStoreError) {
        let list = try Self.revocations(store)
        let ids = list.devices.subtracting(security.revoked.devices)
        guard !ids.isEmpty else { return }
        // Before they are shut out: what is not done with them now would not be done later.
        var removed: [Member] = []
        for id in ids {
            if let member = try store.member(id: id) { removed.append(member) }
        }
        security.revoke(list)
        for member in removed {
            logger.info("device removed", metadata: ["device": "\(member.name)"])
            history.note(HistoryEvent(.removed, device: member.name))
            actions.removed(member.name)
        }
    }

    /// The devices that are shut out, the latest if they are very many. May block.
    ///
    /// - Throws: `ClusterStoreError`
    package static func revocations(_ store: ClusterStore) throws(ClusterStoreError) -> RevocationList {
        let (count, ids) = try store.removedMembers(most: WireLimits.revocations)
        return RevocationList(version: count, devices: Set(ids))
    }

    /// Records that a member is at another address than before, or has just come to one.
    func note(_ kind: HistoryEvent.Kind, _ member: Member, before: String? = nil) {
        var event = HistoryEvent(kind, device: member.name)
        event.address = member.address
        event.before = before
        history.note(event)
    }

    func declaration(of member: Member) -> DeviceDeclaration? {
        guard let endpoint = try? Endpoint(parsing: member.address) else { return nil }
        return DeviceDeclaration(
            name: member.name, connection: .tcp(endpoint), memberID: member.id, isRequired: false)
    }
}
