import Identity
import Synchronization
import Transport
import Wire

/// One coordinator's run as a worker sees it: the link to it, the last of several, and the links onward that its stages send over.
///
/// Safe from any thread.
final class WorkerSession: Sendable {
    let id: UInt64
    private let link: Mutex<any Link>
    private let downstream = Mutex(Downstream())
    private let admitted = Mutex(AdmittedPeers())

    private struct Downstream {
        var links: [DownstreamKey: any Link] = [:]
        /// Placements up to this one have no links any more, nor has any once the session is over.
        var closedThrough: UInt32 = 0
        var isOver = false
    }

    init(id: UInt64, coordinator: any Link) {
        self.id = id
        link = Mutex(coordinator)
    }

    /// The link to the coordinator; one that has ended where that is gone.
    var coordinator: any Link { link.withLock { $0 } }

    /// The coordinator is linked anew.
    ///
    /// - Returns: the link before.
    func replaceCoordinator(_ new: any Link) -> any Link {
        link.withLock { link in
            defer { link = new }
            return link
        }
    }

    /// What logs call it: who knows the number may ask for its caches, as far as links are plain.
    var tag: String { "…" + String(id & 0xffff, radix: 16) }

    /// The coordinator names whose links are taken.
    func admit(_ peers: AdmittedPeers) { admitted.withLock { $0 = peers } }

    /// Whether a peer may have a link of a role for the session.
    func admits(_ identity: ClusterIdentity?, for role: LinkRole) -> Bool {
        admitted.withLock { $0.admits(identity, for: role) }
    }

    /// A message that answers no request.
    func notify(_ body: ControlBody) { coordinator.send(body) }

    /// The link to the next worker of a placement; each placement has links of its own, so that none outlives what it was
    /// made for.
    ///
    /// - Parameter identity: of the device there.
    /// - Throws: `WorkerError` (nextUnreachable).
    func link(
        to address: String, identity: String?, of worker: Worker, epoch: UInt32, stage: UInt32
    ) async throws(WorkerError) -> any Link {
        let key = DownstreamKey(epoch: epoch, address: address, identity: identity)
        if let link = downstream.withLock({ $0.links[key] }) { return link }
        let link: any Link
        do {
            link = try await worker.connect(
                to: address, identity: identity, role: .upstream, session: id,
                handler: DownstreamLink(session: self, key: key, stage: stage))
        } catch {
            throw WorkerError(.nextUnreachable, "\(worker.configuration.name) cannot reach the next device: \(error)")
        }
        // Meanwhile the placement may be over, or another stage of it have dialed there.
        let taken = downstream.withLock { downstream -> (any Link)? in
            if downstream.isOver || epoch <= downstream.closedThrough { return nil }
            if let other = downstream.links[key] { return other }
            downstream.links[key] = link
            return link
        }
        if taken !== link { link.close() }
        guard let taken else {
            throw WorkerError(.nextUnreachable, "the placement is over that the link to \(address) was for")
        }
        return taken
    }

    fileprivate func downstreamClosed(_ key: DownstreamKey, _ link: any Link) {
        downstream.withLock { if $0.links[key] === link { $0.links[key] = nil } }
    }

    /// Closes the links of placements up to `epoch`; they get no more.
    func closeDownstream(through epoch: UInt32) {
        let links = downstream.withLock { downstream in
            downstream.closedThrough = max(downstream.closedThrough, epoch)
            let ended = downstream.links.filter { $0.key.epoch <= epoch }
            downstream.links = downstream.links.filter { $0.key.epoch > epoch }
            return ended.values
        }
        for link in links { link.close() }
    }

    /// Closes all links onward.
    ///
    /// - Parameter isOver: whether there are to be no more: the coordinator does not come back.
    func closeDownstream(isOver: Bool) {
        let links = downstream.withLock { downstream in
            defer { downstream.links = [:] }
            if isOver { downstream.isOver = true }
            return downstream.links.values
        }
        for link in links { link.close() }
    }
}

/// Which link onward: of which placement, to where and whom.
private struct DownstreamKey: Sendable, Hashable {
    var epoch: UInt32
    var address: String
    var identity: String?
}

/// A worker's end of a link that it dialed to send results on; nothing but its end is heard there.
private final class DownstreamLink: LinkHandler, Sendable {
    private weak let session: WorkerSession?
    private let key: DownstreamKey
    private let stage: UInt32

    init(session: WorkerSession, key: DownstreamKey, stage: UInt32) {
        self.session = session
        self.key = key
        self.stage = stage
    }

    func received(_ frame: Frame, on link: any Link) {}

    func closed(_ link: any Link, error: TransportError?) {
        session?.downstreamClosed(key, link)
        // Without an error this side closed it, with the placement.
        guard let error else { return }
        session?.notify(
            .peerLost(PeerLost(epoch: key.epoch, stage: stage, message: "\(key.address): \(error.description)")))
    }
}
