import Dispatch
import NIOCore
import Synchronization
import Transport
import Wire

/// Reads one link of a worker: steps go to the compute thread, shards to the disk queue, requests are answered.
///
/// A coordinator's link begins its session and ends it.
final class WorkerLink: LinkHandler, Sendable {
    private let worker: Worker
    private let peer: PeerIdentity
    /// Disk work of this link, in order.
    private let disk = DispatchQueue(label: "shoal.worker.disk")
    private let backlog = Mutex(StepBacklog())

    init(worker: Worker, peer: PeerIdentity) {
        self.worker = worker
        self.peer = peer
    }

    func opened(_ link: any Link) {
        if peer.role == .coordinator { worker.beginSession(peer.session, link: link) }
    }

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
            worker.compute.run { [self] in
                worker.run(step, in: session, arrived: arrived) { [self] in
                    if backlog.withLock({ $0.left(bytes) }) { link.setReading(true) }
                }
            }
        case .piece(let piece):
            guard peer.role == .coordinator else { return }
            disk.async { [self] in accept(piece, on: link) }
        case .control(let message):
            received(message, on: link)
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        if peer.role == .coordinator { worker.endSession(peer.session, link: link) }
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
        case .shardInquiry(let inquiry) where peer.role != .upstream:
            disk.async { [worker] in
                let holdings = worker.shards.holdings(inquiry.ids)
                link.send(.shardInventory(ShardInventory(shards: holdings)), request: request)
            }
        case .loadStage(let load) where peer.role == .coordinator:
            guard let session = worker.session(peer.session) else { return }
            worker.profiler.workCame(at: .now)
            worker.load(load, in: session) { link.send($0, request: request) }
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

    private func accept(_ piece: ShardPiece, on link: any Link) {
        do {
            let (held, complete) = try worker.shards.accept(piece)
            link.send(.shardPieceAccepted(ShardPieceAccepted(id: piece.id, bytesHeld: held)))
            if complete { link.send(.shardStored(ShardStored(id: piece.id))) }
        } catch {
            link.send(.failure(Failure(code: error.code, message: error.message)))
        }
    }
}
