import Dispatch
import NIOCore
import Synchronization
import Transport
import Wire

/// Reads one link of a worker: steps go to the compute thread, shards to the disk queue, requests are answered.
///
/// A coordinator's link begins its session, and ends it with a goodbye.
final class WorkerLink: LinkHandler, Sendable {
    private let worker: Worker
    private let peer: PeerIdentity
    /// Disk work of this link, in order.
    private let disk = DispatchQueue(label: "shoal.worker.disk")
    private let backlog = Mutex(Backlog())
    private let shards: ShardTraffic
    private let caches: CacheUploads

    /// Why the link may have to stop reading.
    private struct Backlog {
        var steps = StepBacklog()
        var requests = RequestBacklog()
        var isReading: Bool { steps.isReading && requests.isReading }
    }

    init(worker: Worker, peer: PeerIdentity) {
        self.worker = worker
        self.peer = peer
        shards = ShardTraffic(worker: worker, peer: peer)
        caches = CacheUploads(worker: worker, session: peer.session)
    }

    var reader: (any LinkReader)? { worker.compute }

    func opened(_ link: any Link) { worker.linkOpened(link) }

    func received(_ frame: Frame, on link: any Link) {
        switch frame {
        case .step(let step):
            guard peer.role == .coordinator || peer.role == .upstream, let session = worker.session(peer.session) else {
                return
            }
            let arrived = ContinuousClock.now
            worker.profiler.stepCame(at: arrived)
            let bytes = step.payload.readableBytes
            let isCrowded = worker.steps.add(bytes)
            change(link) { _ = $0.steps.received(bytes, isCrowded: isCrowded) }
            worker.compute.run(isLoneStep: step.isLone) { [self] in
                let left = { @Sendable [self] in
                    worker.steps.remove(bytes)
                    change(link) { _ = $0.steps.left(bytes) }
                }
                guard worker.takes(step, from: peer, in: session) else {
                    left()
                    return worker.refuse(link)
                }
                worker.run(step, in: session, arrived: arrived, left: left)
            }
        case .piece(let piece):
            guard peer.role == .coordinator else { return }
            let bytes = piece.bytes.readableBytes
            change(link) { $0.requests.received(bytes) }
            shards.accept(piece, on: link) { [self] in change(link) { $0.requests.done(bytes) } }
        case .cache: break
        case .control(let message):
            received(message, on: link)
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        shards.end()
        caches.end()
        worker.linkClosed(link, error: error)
    }

    /// Changes what waits, and has the link read or not as that says.
    private func change(_ link: any Link, _ body: (inout Backlog) -> Void) {
        var (before, isReading) = backlog.withLock { backlog in
            let before = backlog.isReading
            body(&backlog)
            return (before, backlog.isReading)
        }
        // Another thread may change it meanwhile, and must not be overtaken.
        while isReading != before {
            link.setReading(isReading)
            (before, isReading) = (isReading, backlog.withLock { $0.isReading })
        }
    }

    /// Counts a request that takes a while; what is returned answers it.
    private func reply(to request: UInt64, on link: any Link) -> @Sendable (ControlBody) -> Void {
        change(link) { $0.requests.received() }
        return { [self] body in
            link.send(body, request: request)
            change(link) { $0.requests.done() }
        }
    }

    /// Does what a request asks for on the disk's queue.
    private func onDisk(_ link: any Link, _ work: @escaping @Sendable () -> Void) {
        change(link) { $0.requests.received() }
        disk.async { [self] in
            work()
            change(link) { $0.requests.done() }
        }
    }

    private func received(_ message: ControlMessage, on link: any Link) {
        let request = message.request
        guard worker.admits(peer) else { return worker.refuse(link) }
        switch message.body {
        case .describeDevice(let question)
        where question.diagnose && (peer.role == .coordinator || peer.role == .inspector):
            let reply = reply(to: request, on: link)
            worker.diagnosing.async { [worker, peer] in
                var report = worker.report().told(to: peer.role, session: peer.session)
                report.diagnosis = worker.diagnosis()
                reply(.deviceReport(report))
            }
        case .describeDevice:
            onDisk(link) { [worker, peer] in
                let report = worker.report().told(to: peer.role, session: peer.session)
                link.send(.deviceReport(report), request: request)
            }
        case .measureDevice(let measure) where peer.role == .coordinator || peer.role == .inspector:
            worker.measureDevice(measure, done: reply(to: request, on: link))
        case .measureLink(let measure) where worker.dials(for: peer):
            worker.measureLink(measure) { link.send($0, request: request) }
        case .linkProbe(let probe) where peer.role == .coordinator || peer.role == .inspector:
            let reply = LinkProbeReply(payload: [UInt8](repeating: 0, count: Int(probe.replyBytes)))
            link.send(.linkProbeReply(reply), request: request)
        case .shardInquiry(let inquiry) where inquiry.forgets && peer.role == .coordinator:
            onDisk(link) { [shards] in
                link.send(.shardInventory(ShardInventory(shards: shards.forget(inquiry.ids))), request: request)
            }
        case .shardInquiry(let inquiry) where !inquiry.forgets && peer.role != .upstream && peer.role != .caches:
            onDisk(link) { [shards] in
                link.send(.shardInventory(ShardInventory(shards: shards.holdings(inquiry.ids))), request: request)
            }
        case .admitPeers(let request) where peer.role == .coordinator:
            worker.session(peer.session)?.admit(AdmittedPeers(request))
            link.send(.peersAdmitted(PeersAdmitted()), request: message.request)
        case .fetchShard(let fetch) where peer.role == .coordinator:
            shards.fetch(fetch, request: request, on: link)
        case .shardRequest(let part) where peer.role == .shards:
            shards.upload(part, request: request, on: link)
        case .loadStage(let load) where peer.role == .coordinator:
            guard let session = worker.session(peer.session) else { return }
            worker.profiler.workCame()
            worker.load(load, in: session, done: reply(to: request, on: link))
        case .cacheInquiry(let inquiry) where peer.role == .caches:
            change(link) { $0.requests.received() }
            caches.tell(inquiry, request: request, on: link) { [self] in change(link) { $0.requests.done() } }
        case .cacheRequest(let part) where peer.role == .caches:
            caches.add(part, request: request, to: link)
        case .unloadStages(let unload) where peer.role == .coordinator:
            worker.session(peer.session)?.closeDownstream(through: unload.epochsThrough)
            let reply = reply(to: request, on: link)
            worker.compute.run { [worker, peer] in
                worker.stages.remove { $0.session == peer.session && $0.epoch <= unload.epochsThrough }
                reply(.stagesUnloaded(StagesUnloaded()))
            }
        default:
            let failure = Failure(code: .badRequest, message: "a link of role \(peer.role) takes no such message")
            link.send(.failure(failure), request: request)
        }
    }
}
