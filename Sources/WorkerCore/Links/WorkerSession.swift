import Synchronization
import Transport
import Wire

/// One coordinator's run as a worker sees it: the link to it, and the links onward that its stages send over.
final class WorkerSession: Sendable {
    let id: UInt64
    let coordinator: any Link
    private let downstream = Mutex<[String: any Link]>([:])

    init(id: UInt64, coordinator: any Link) {
        self.id = id
        self.coordinator = coordinator
    }

    /// A message that answers no request.
    func notify(_ body: ControlBody) { coordinator.send(body) }

    /// The link to the next worker; made once per address.
    ///
    /// - Throws: `WorkerError` (nextUnreachable).
    func link(to address: String, of worker: Worker, epoch: UInt32, stage: UInt32) async throws(WorkerError) -> any Link
    {
        if let link = downstream.withLock({ $0[address] }) { return link }
        let link: any Link
        do {
            let hello = Hello(
                role: .upstream, session: id, name: worker.configuration.name, softwareVersion: SoftwareVersion.current)
            link = try await worker.transport.connect(
                to: try Endpoint(parsing: address), hello: hello,
                handler: DownstreamLink(session: self, address: address, epoch: epoch, stage: stage))
        } catch {
            throw WorkerError(.nextUnreachable, "\(worker.configuration.name) cannot reach the next device: \(error)")
        }
        downstream.withLock { $0[address] = link }
        return link
    }

    func downstreamClosed(_ address: String) { downstream.withLock { _ = $0.removeValue(forKey: address) } }

    func closeDownstream() {
        let links = downstream.withLock { links in
            defer { links = [:] }
            return links.values
        }
        for link in links { link.close() }
    }
}

/// A worker's end of a link that it dialed to send results on; nothing but its end is heard there.
final class DownstreamLink: LinkHandler, Sendable {
    private weak let session: WorkerSession?
    private let address: String
    private let epoch: UInt32
    private let stage: UInt32

    init(session: WorkerSession, address: String, epoch: UInt32, stage: UInt32) {
        self.session = session
        self.address = address
        self.epoch = epoch
        self.stage = stage
    }

    func received(_ frame: Frame, on link: any Link) {}

    func closed(_ link: any Link, error: TransportError?) {
        session?.downstreamClosed(address)
        session?.notify(
            .peerLost(
                PeerLost(
                    epoch: epoch, stage: stage, message: "\(address): \(error?.description ?? "the link was closed")")))
    }
}
