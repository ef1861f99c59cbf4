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
    private let backlog = Mutex(StepBacklog())
    private let shards: ShardTraffic
    private let caches: CacheUploads

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
            if backlog.withLock({ $0.received(bytes) }) { link.setReading(false) }
            worker.compute.run(isLoneStep: step.isLone) { [self] in
                worker.run(step, in: session, arrived: arrived) { [self] in
                    if backlog.withLock({ $0.left(bytes) }) { link.setReading(true) }
                }
            }
        case .piece(let piece):
            guard peer.role == .coordinator else { return }
            shards.accept(piece, on: link)
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

    private func received(_ message: ControlMessage, on link: any Link) {
        let request = message.request
        switch message.body {
        case .describeDevice:
            disk.async { [worker] in link.send(.deviceReport(worker.report()), request: request) }
        case .measureDevice(let measure) where peer.role == .coordinator || peer.role == .inspector:
            worker.measureDevice(measure) { link.send($0, request: request) }
        case .measureLink(let measure) where peer.role == .coordinator || peer.role == .inspector:
            worker.measureLink(measure) { link.send($0, request: request) }
        case .linkProbe(let probe):
            let reply = LinkProbeReply(payload: [UInt8](repeating: 0, count: Int(probe.replyBytes)))
            link.send(.linkProbeReply(reply), request: request)
        case .shardInquiry(let inquiry) where peer.role != .upstream && peer.role != .caches:
            disk.async { [shards] in
                link.send(.shardInventory(ShardInventory(shards: shards.holdings(inquiry.ids))), request: request)
            }
        case .fetchShard(let fetch) where peer.role == .coordinator:
            shards.fetch(fetch, request: request, on: link)
        case .shardRequest(let part) where peer.role == .shards:
            shards.upload(part, request: request, on: link)
        case .loadStage(let load) where peer.role == .coordinator:
            guard let session = worker.session(peer.session) else { return }
            worker.profiler.workCame()
            worker.load(load, in: session) { link.send($0, request: request) }
        case .cacheInquiry(let inquiry) where peer.role == .caches:
            caches.tell(inquiry, request: request, on: link)
        case .cacheRequest(let part) where peer.role == .caches:
            caches.add(part, request: request, to: link)
        case .unloadStages(let unload) where peer.role == .coordinator:
            worker.session(peer.session)?.closeDownstream(through: unload.epochsThrough)
            worker.compute.run { [worker, peer] in
                worker.stages.remove { $0.session == peer.session && $0.epoch <= unload.epochsThrough }
                link.send(.stagesUnloaded(StagesUnloaded()), request: request)
            }
        default:
            let failure = Failure(code: .badRequest, message: "a link of role \(peer.role) takes no such message")
            link.send(.failure(failure), request: request)
        }
    }
}
