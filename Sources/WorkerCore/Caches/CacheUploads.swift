import ModelParts
import ModelGraph
import NIOCore
import Synchronization
import Tensors
import Transport
import Wire

/// Passes caches of this worker's stages on to another worker over one link: what it asks for, one request after the other.
///
/// Pages are copied on the compute thread, where nothing changes them meanwhile, a few at a time, so that steps do not wait; what is queued
/// stays bounded however much is asked for. Safe from any thread.
final class CacheUploads: Sendable {
    /// Bytes that are copied at a time, at least a piece.
    private static let jobBytes = 1 << 20
    /// Bytes on their way out at most, and one piece.
    private static let window = 8 << 20
    /// Requests that wait at most.
    private static let requests = 64

    private let worker: Worker
    private let session: UInt64
    private let state = Mutex(State())

    fileprivate struct State {
        var waiting: [(request: UInt64, part: CacheRequest)] = []
        /// Pieces of the first that have been sent.
        var sent = 0
        var bytes = 0
        var isScheduled = false
        var isOver = false
    }

    init(worker: Worker, session: UInt64) {
        self.worker = worker
        self.session = session
    }

    /// Answers what sequences a stage has.
    ///
    /// - Parameter done: called once it is answered.
    func tell(_ inquiry: CacheInquiry, request: UInt64, on link: any Link, done: @escaping @Sendable () -> Void) {
        worker.compute.run { [worker, session] in
            defer { done() }
            let key = StageKey(session: session, epoch: inquiry.epoch, stage: inquiry.stage)
            guard let stage = worker.stages[key]?.stage else {
                return link.send(.failure(Self.missing(key)), request: request)
            }
            let inventory = LocalCaches(of: stage, isSame: false).contents.inventory
            link.send(.cacheInventory(inventory), request: request)
        }
    }

    func add(_ part: CacheRequest, request: UInt64, to link: any Link) {
        let isTaken = state.withLock { state in
            guard !state.isOver, state.waiting.count < Self.requests else { return false }
            state.waiting.append((request, part))
            return true
        }
        guard isTaken else {
            let failure = Failure(code: .busy, message: "more than \(Self.requests) requests for caches wait")
            return link.send(.failure(failure), request: request)
        }
        schedule(link)
    }

    /// The link is over: nobody takes what was asked for.
    func end() {
        state.withLock { state in
            state.waiting = []
            state.isOver = true
        }
    }

    private func schedule(_ link: any Link) {
        let isDue = state.withLock { state in
            guard !state.isScheduled, !state.waiting.isEmpty, state.bytes < Self.window else { return false }
            state.isScheduled = true
            return true
        }
        if isDue { worker.compute.run { self.work(link) } }
    }

    /// What is to be sent next, where there is room.
    private var due: (request: UInt64, part: CacheRequest, sent: Int)? {
        state.withLock { state -> (request: UInt64, part: CacheRequest, sent: Int)? in
            guard let first = state.waiting.first, state.bytes < Self.window else { return nil }
            return (first.request, first.part, state.sent)
        }
    }

    /// Sends a few pieces, and waits behind the steps that came meanwhile. On the compute thread.
    private func work(_ link: any Link) {
        var copied = 0
        while copied < Self.jobBytes, let (request, part, sent) = due {
            do throws(WorkerError) {
                let piece = try piece(sent, of: part)
                let bytes = piece.bytes.readableBytes
                copied += bytes
                state.withLock { state in
                    state.bytes += bytes
                    state.sent += 1
                    if state.sent == part.layers.count * part.pages.count { state.endFirst() }
                }
                link.send(.cache(piece)) { [self] isWritten in
                    state.withLock { $0.bytes -= bytes }
                    if isWritten { schedule(link) }
                }
            } catch {
                state.withLock { $0.endFirst() }
                link.send(.failure(Failure(code: error.code, message: error.message)), request: request)
            }
        }
        state.withLock { $0.isScheduled = false }
        schedule(link)
    }

    /// The piece of that number: pages in order, the layers of each in order.
    private func piece(_ number: Int, of part: CacheRequest) throws(WorkerError) -> CachePiece {
        let key = StageKey(session: session, epoch: part.epoch, stage: part.stage)
        guard let stage = worker.stages[key]?.stage else {
            let failure = Self.missing(key)
            throw WorkerError(failure.code, failure.message)
        }
        let layers = Int(part.layers.lowerBound)..<Int(part.layers.upperBound)
        guard stage.range.layers.lowerBound <= layers.lowerBound, layers.upperBound <= stage.range.layers.upperBound
        else {
            throw WorkerError(
                .badRequest, "layers \(layers) of a stage that has \(stage.range.layers)")
        }
        guard let cached = stage.cached(sequence: part.sequence) else {
            throw WorkerError(.sequenceMissing, "sequence \(part.sequence) is not open")
        }
        let pages = KeyValueLayout.pages(positions: cached.positions)
        guard Int(part.pages.upperBound) <= pages else {
            throw WorkerError(
                .positionMismatch,
                "pages \(part.pages) of sequence \(part.sequence), which has \(cached.positions) positions")
        }
        let layout = stage.cacheLayout
        let layer = layers.lowerBound + number % layers.count
        let page = Int(part.pages.lowerBound) + number / layers.count
        let index = layer - stage.range.layers.lowerBound, count = layout.part(layer: index).byteCount
        let place = layout.place(layer: index)
        guard let held = cached.pages[place.group][page] else {
            throw WorkerError(
                .positionMismatch, "page \(page) of layer \(layer) of sequence \(part.sequence) was given back")
        }
        guard count <= WireLimits.cachePageBytes else {
            throw WorkerError(.unsupported, "pages of \(count) bytes are too large to be passed on")
        }
        var bytes = ByteBufferAllocator().buffer(capacity: count)
        bytes.writeBytes(
            UnsafeRawBufferPointer(
                held.bytes(layers: place.index..<place.index + 1, layout: layout.groups[place.group].layout)))
        return CachePiece(
            epoch: part.epoch, stage: part.stage, sequence: part.sequence, layer: UInt32(layer), page: UInt32(page),
            trims: cached.trims, bytes: bytes)
    }

    private static func missing(_ key: StageKey) -> Failure {
        Failure(code: .stageMissing, message: "stage \(key.stage) of epoch \(key.epoch) is not loaded")
    }
}

extension CacheUploads.State {
    fileprivate mutating func endFirst() {
        if !waiting.isEmpty { waiting.removeFirst() }
        sent = 0
    }
}
