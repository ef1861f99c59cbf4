import Synchronization
import Transport
import Wire

/// The coordinator's end of one link to a worker: matches replies to requests, hands everything else on.
///
/// Safe from any thread. Step frames go straight to `onStep` on the link's thread, with no hop between.
final class WorkerClient: LinkHandler, Sendable {
    /// What a worker says without being asked.
    enum Notice: Sendable {
        case progress(StageProgress)
        case stepFailed(StepFailed)
        /// The link to the worker itself ended, or the worker was given up because it made no headway.
        case lost(String, isIdle: Bool)
        /// The worker's link to the next one ended, which it had for the placement of that epoch.
        case peerLost(epoch: UInt32, stage: UInt32, String)
    }

    /// Takes a reply, or why there is none, on the link's thread.
    typealias Reply = @Sendable (Result<ControlBody, CoordinatorError>) -> Void

    let device: String
    let reader: (any LinkReader)?
    /// How long it may make no headway; `nil` is for ever, as for this process's own.
    let limits: HeadwayLimits?
    private let onStep: @Sendable (StepFrame) -> Void
    private let onNotice: @Sendable (WorkerClient, Notice) -> Void
    private let state = Mutex(State())

    private struct State {
        var link: (any Link)?
        var ended: CoordinatorError?
        var lastRequest: UInt64 = 0
        var replies: [UInt64: Reply] = [:]
        var lastTransfer: UInt64 = 0
        var transfers: [ShardID: (number: UInt64, events: AsyncStream<ShardTransferEvent>.Continuation)] = [:]
        var headway = HeadwayCount()
    }

    /// - Parameter reader: the thread that computes this process's stage.
    init(
        device: String, reader: (any LinkReader)?, limits: HeadwayLimits?,
        onStep: @escaping @Sendable (StepFrame) -> Void,
        onNotice: @escaping @Sendable (WorkerClient, Notice) -> Void
    ) {
        self.device = device
        self.reader = reader
        self.limits = limits
        self.onStep = onStep
        self.onNotice = onNotice
    }

    /// Takes over the link after the handshake.
    func attach(_ link: any Link) {
        state.withLock { if $0.ended == nil { $0.link = link } }
    }

    var isConnected: Bool { state.withLock { $0.link != nil && $0.ended == nil } }

    /// Sends a frame; dropped when the link has ended.
    func send(_ frame: Frame) { state.withLock { $0.link }?.send(frame) }

    /// Sends a request and waits for its reply.
    ///
    /// - Parameter limit: how long without headway, where that is not what such a request may take anyway; a device that takes longer, as
    ///   one whose disk is dying, is given up with its link.
    /// - Throws: `CoordinatorError` when the worker refuses, takes too long, or the link ends.
    func request(_ body: ControlBody, within limit: Duration? = nil) async throws(CoordinatorError) -> ControlBody {
        if case .loadStage(let load) = body { state.withLock { $0.headway.asked(for: load) } }
        let watching = watch(limit: limit ?? limits?.limit(of: body), headway: { $0.headway(with: body) }) {
            "it has not \(body.done) for \($0.components.seconds) s"
        }
        defer { watching?.cancel() }
        let result = await withCheckedContinuation {
            (reply: CheckedContinuation<Result<ControlBody, CoordinatorError>, Never>) in
            ask(body) { reply.resume(returning: $0) }
        }
        switch try result.get() {
        case .failure(let failure):
            throw CoordinatorError(
                .worker, "\(device) refused: \(failure.message)", failure: failure.code, device: device)
        case let body:
            return body
        }
    }

    /// Sends a request; the reply is taken where it arrives.
    func ask(_ body: ControlBody, reply: @escaping Reply) {
        let (sending, ended) = state.withLock { state -> ((any Link, UInt64)?, CoordinatorError?) in
            guard state.ended == nil, let link = state.link else { return (nil, state.ended ?? notConnected) }
            state.lastRequest += 1
            state.replies[state.lastRequest] = reply
            return ((link, state.lastRequest), nil)
        }
        if let (link, request) = sending {
            link.send(.control(ControlMessage(request: request, body: body)))
        } else if let ended {
            reply(.failure(ended))
        }
    }

    /// What the worker reports of one shard being sent; ends with the link.
    func transferEvents(of id: ShardID) -> AsyncStream<ShardTransferEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: ShardTransferEvent.self)
        let (number, ended) = state.withLock { state in
            state.lastTransfer += 1
            if state.ended == nil { state.transfers[id] = (state.lastTransfer, continuation) }
            return (state.lastTransfer, state.ended)
        }
        if let ended { continuation.yield(.failed(nil, ended.message)) }
        continuation.onTermination = { [weak self] _ in
            // Not one of the same shard that began since.
            self?.state.withLock { state in
                guard state.transfers[id]?.number == number else { return }
                state.transfers[id] = nil
                state.headway.ended(id)
            }
        }
        return stream
    }

    /// Ends what `transferEvents` gives of a shard: its transfer is given up.
    func endTransfer(of id: ShardID) {
        state.withLock { $0.transfers[id]?.events }?.finish()
    }

    func close() { state.withLock { $0.link }?.close() }

    /// Gives the worker up when what is waited for makes no headway.
    ///
    /// - Parameters:
    ///   - limit: how long; `nil` is for ever.
    ///   - headway: how far it has come.
    ///   - reason: what to say when so much time has passed.
    func watch(
        limit: Duration?, headway: @escaping @Sendable (HeadwayCount) -> UInt64,
        reason: @escaping @Sendable (Duration) -> String
    ) -> Task<Void, Never>? {
        guard let limit, let interval = limits?.look else { return nil }
        return Task { [weak self] in
            var watch = HeadwayWatch()
            while let self {
                let reached = headway(state.withLock { $0.headway })
                if watch.look(at: reached, every: interval, limit: limit) { return giveUp(reason(watch.waited)) }
                try? await Task.sleep(for: interval)
                if Task.isCancelled { return }
            }
        }
    }

    /// Takes the worker for lost, though its link stands, and says why: whoever waits for it goes on, and the link is closed.
    func giveUp(_ reason: String) {
        end("\(device) is taken for lost: \(reason)", isIdle: true)
    }

    private func end(_ message: String, isIdle: Bool) {
        let reason = CoordinatorError(.worker, message, device: device)
        let ended = state.withLock { state -> ((any Link)?, [Reply], [AsyncStream<ShardTransferEvent>.Continuation])? in
            guard state.ended == nil else { return nil }
            state.ended = reason
            defer { (state.link, state.replies, state.transfers) = (nil, [:], [:]) }
            return (state.link, Array(state.replies.values), state.transfers.values.map(\.events))
        }
        guard let (link, replies, transfers) = ended else { return }
        link?.close()
        for reply in replies { reply(.failure(reason)) }
        for transfer in transfers { transfer.yield(.failed(nil, reason.message)) }
        onNotice(self, .lost(reason.message, isIdle: isIdle))
    }

    func received(_ frame: Frame, on link: any Link) {
        switch frame {
        case .step(let step): onStep(step)
        case .piece, .cache: break
        case .control(let message): received(message)
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        end("the link to \(device) ended: \(error?.description ?? "the worker closed it")", isIdle: false)
    }

    private var notConnected: CoordinatorError { CoordinatorError(.worker, "\(device) is not connected") }

    private func received(_ message: ControlMessage) {
        if message.request != 0, let reply = state.withLock({ $0.replies.removeValue(forKey: message.request) }) {
            if case .stageLoaded = message.body { state.withLock { $0.headway.loadedStage() } }
            reply(.success(message.body))
            return
        }
        switch message.body {
        case .stageProgress(let progress):
            state.withLock { $0.headway.progress(progress) }
            onNotice(self, .progress(progress))
        case .stepFailed(let failure): onNotice(self, .stepFailed(failure))
        case .peerLost(let peer):
            let reason = "\(device) lost its link to the next device: \(peer.message)"
            onNotice(self, .peerLost(epoch: peer.epoch, stage: peer.stage, reason))
        case .shardPieceAccepted(let accepted):
            // Only of what is on its way: so many are kept in mind.
            guard let transfer = transfer(accepted.id) else { return }
            state.withLock { $0.headway.accepted(accepted) }
            transfer.yield(.accepted(bytesHeld: accepted.bytesHeld))
        case .shardStored(let stored): transfer(stored.id)?.yield(.stored)
        case .failure(let failure):
            // One that names no shard is about all that are on their way.
            let transfers = state.withLock { state in
                failure.shard.map { state.transfers[$0].map { [$0.events] } ?? [] }
                    ?? state.transfers.values.map(\.events)
            }
            for transfer in transfers { transfer.yield(.failed(failure.code, "\(device) refused: \(failure.message)")) }
        default: break
        }
    }

    private func transfer(_ id: ShardID) -> AsyncStream<ShardTransferEvent>.Continuation? {
        state.withLock { $0.transfers[id]?.events }
    }
}

extension HeadwayLimits {
    /// How long a request may take without headway.
    fileprivate func limit(of body: ControlBody) -> Duration {
        switch body {
        case .loadStage: load
        case .fetchShard: transfer
        case .measureDevice, .measureLink: measuring
        default: answer
        }
    }
}

extension HeadwayCount {
    fileprivate func headway(with body: ControlBody) -> UInt64 {
        switch body {
        case .loadStage: loading
        case .fetchShard: receiving
        default: 0
        }
    }
}

extension ControlBody {
    /// What a device has done that has answered this request.
    fileprivate var done: String {
        switch self {
        case .loadStage: "come further with loading its stage"
        case .fetchShard: "come further with a shard that it gets from another device"
        case .shardInquiry: "said which shards it holds"
        case .unloadStages: "unloaded its stages"
        case .measureDevice, .measureLink: "told its speed"
        case .describeDevice: "said what it is"
        default: "answered"
        }
    }
}
