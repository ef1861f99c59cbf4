import Dispatch
import NIOCore
import Synchronization
import Transport
import Wire

/// Gets one shard from other workers that hold it, from each as much as it gives.
struct ShardFetch: Sendable {
    /// Bytes asked for at a time, and asked for but not there yet at most.
    private static let partBytes: UInt64 = 4 << 20
    private static let window: UInt64 = 8 << 20

    let fetch: FetchShard
    let worker: Worker
    let claim: ShardClaim
    /// Does the disk's work.
    let queue: DispatchQueue
    /// Called with the bytes that are held, as they become more.
    let advanced: @Sendable (UInt64) -> Void
    private let progress = FetchProgress()

    /// Returns when the shard is whole and checked, none of the devices can give it, or they take too long together: the coordinator, which
    /// waits for a little longer, would take this worker for lost because of them.
    ///
    /// - Returns: `ShardStored`, or a `Failure`.
    func run() async -> ControlBody {
        let getting = Task { await getFromAny() }
        let watch = Task { [fetch, progress] in
            var patience = SourcePatience.ofAll(fetch.addresses.count, shardBytes: fetch.totalBytes)
            while !Task.isCancelled, !patience.isOver(at: progress.bytes) {
                try? await Task.sleep(for: SourcePatience.look)
            }
            getting.cancel()
        }
        defer { watch.cancel() }
        return await withTaskCancellationHandler {
            await getting.value
        } onCancel: {
            getting.cancel()
        }
    }

    private func getFromAny() async -> ControlBody {
        var reasons: [String] = []
        var sources = fetch.addresses.enumerated().map { index, address in
            (address: address, identity: fetch.identities.isEmpty ? nil : fetch.identities[index])
        }[...]
        var askedAgain: Set<String> = []
        while let (address, identity) = sources.first, !Task.isCancelled {
            do throws(WorkerError) {
                try await get(from: address, identity: identity)
                return .shardStored(ShardStored(id: fetch.id))
            } catch {
                if error.code == .storeFull {
                    return .failure(Failure(code: error.code, message: error.message, shard: fetch.id))
                }
                // Wrong bytes may be those that another one gave before: then this one is asked for all, once.
                if error.code == .shardCorrupt, askedAgain.insert(address).inserted { continue }
                reasons.append("\(address): \(error.message)")
                sources.removeFirst()
            }
        }
        return .failure(
            Failure(
                code: .nextUnreachable, message: "no other device gave the shard: \(reasons.joined(separator: "; "))",
                shard: fetch.id))
    }

    private func get(from address: String, identity: String?) async throws(WorkerError) {
        let source = ShardSource()
        let link: any Link
        do {
            // Of no session: shards are the same in all of them.
            link = try await worker.connect(
                to: address, identity: identity, role: .shards, session: 0, handler: source)
        } catch {
            throw WorkerError(.nextUnreachable, error.description)
        }
        defer { link.close() }
        let watch = Task { [fetch, source] in
            var patience = SourcePatience.ofOne(shardBytes: fetch.totalBytes)
            while !Task.isCancelled, !patience.isOver(at: source.bytes) {
                try? await Task.sleep(for: SourcePatience.look)
            }
            link.close()
        }
        defer { watch.cancel() }
        let result = await withTaskCancellationHandler {
            await receive(source, over: link)
        } onCancel: {
            link.close()
        }
        try result.get()
    }

    private func receive(_ source: ShardSource, over link: any Link) async -> Result<Void, WorkerError> {
        let holding = await queue.result { worker.shards.holdings([fetch.id], for: nil)[0] }
        if holding.complete { return .success(()) }
        // More than the whole would be refused and begun anew.
        var held = holding.bytesHeld < fetch.totalBytes ? holding.bytesHeld : 0
        var asked = held
        var requests: UInt64 = 0
        func ask() {
            while asked < fetch.totalBytes, asked - held < Self.window {
                let count = min(Self.partBytes, fetch.totalBytes - asked)
                requests += 1
                link.send(
                    .shardRequest(ShardRequest(id: fetch.id, offset: asked, count: count)), request: requests)
                asked += count
            }
        }
        ask()
        for await event in source.events {
            defer { source.took(event) }
            switch event {
            case .piece(let piece):
                guard piece.id == fetch.id, piece.offset == held, piece.totalBytes == fetch.totalBytes else {
                    return .failure(WorkerError(.badRequest, "a piece came that was not asked for"))
                }
                let result = await queue.result { () -> Result<(bytesHeld: UInt64, complete: Bool), WorkerError> in
                    do throws(WorkerError) {
                        return .success(try worker.shards.accept(piece, for: claim))
                    } catch {
                        return .failure(error)
                    }
                }
                switch result {
                case .failure(let error): return .failure(error)
                case .success(let (bytes, complete)):
                    progress.reached(bytes)
                    advanced(bytes)
                    if complete { return .success(()) }
                    held = bytes
                    ask()
                }
            case .failed(let code, let message): return .failure(WorkerError(code, message))
            }
        }
        return .failure(WorkerError(.nextUnreachable, "the fetch was given up"))
    }
}

/// The most bytes that were held of a shard: what is thrown away and got again is no headway. Safe from any thread.
private final class FetchProgress: Sendable {
    private let most = Atomic<Int>(0)

    var bytes: Int { most.load(ordering: .relaxed) }

    func reached(_ bytes: UInt64) { most.max(Int(clamping: bytes), ordering: .relaxed) }
}

/// A worker's end of a link that it dialed to get shards.
private final class ShardSource: LinkHandler, Sendable {
    enum Event: Sendable {
        case piece(ShardPiece)
        case failed(FailureCode, String)
    }

    /// What came; bounded, for the link of a source that sends more than it was asked for is closed.
    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let pieceBytes = Atomic<Int>(0)
    /// Bytes of pieces, and a little for each event, that nobody has taken yet.
    private let waiting = Atomic<Int>(0)
    /// What is asked for at a time, and a piece of the largest kind.
    private static let mostWaiting = 16 << 20

    /// Bytes of pieces that came.
    var bytes: Int { pieceBytes.load(ordering: .relaxed) }

    init() { (events, continuation) = AsyncStream.makeStream() }

    func received(_ frame: Frame, on link: any Link) {
        if case .piece(let piece) = frame { pieceBytes.add(piece.bytes.readableBytes, ordering: .relaxed) }
        let now = waiting.add(Self.bytes(of: frame), ordering: .relaxed).newValue
        guard now <= Self.mostWaiting else { return link.close() }
        switch frame {
        case .piece(let piece): continuation.yield(.piece(piece))
        case .control(let message):
            if case .failure(let failure) = message.body {
                continuation.yield(.failed(failure.code, failure.message))
            }
        case .step, .cache: break
        }
    }

    /// An event was taken.
    func took(_ event: Event) {
        switch event {
        case .piece(let piece): waiting.subtract(Self.bytes(of: .piece(piece)), ordering: .relaxed)
        case .failed: waiting.subtract(Self.eventBytes, ordering: .relaxed)
        }
    }

    private static let eventBytes = 4 << 10

    private static func bytes(of frame: Frame) -> Int {
        switch frame {
        case .piece(let piece): piece.bytes.readableBytes + eventBytes
        case .control, .step, .cache: eventBytes
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        if let error { continuation.yield(.failed(.nextUnreachable, error.description)) }
        continuation.finish()
    }
}

extension DispatchQueue {
    /// What `work` gives on this queue, for tasks that must not block.
    func result<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { done in async { done.resume(returning: work()) } }
    }
}
