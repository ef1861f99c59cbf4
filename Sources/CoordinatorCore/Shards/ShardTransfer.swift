import Dispatch
import NIOCore
import Transport
import Wire

/// What a worker reports of a shard that is on its way to it.
enum ShardTransferEvent: Sendable {
    case accepted(bytesHeld: UInt64)
    case stored
    case failed(FailureCode, String)
    /// The worker is lost.
    case ended(CoordinatorError)
}

/// Sends shards to one worker: in pieces, from where it stopped last time, with a bounded number unacknowledged.
struct ShardTransfer: Sendable {
    /// Bytes of one piece at most.
    static let pieceBytes = 1 << 20
    /// Pieces sent to a worker and not acknowledged at most; with `pieceBytes` this bounds what is queued.
    static let window = 8
    /// Bytes of the model's file after which what was read of it is let go.
    private static let keptBytes = 16 << 20

    let client: WorkerClient
    /// The permits of all transfers to this worker.
    let window: TransferWindow
    /// Counts what goes over the coordinator's link.
    let traffic: ShardTraffic

    enum Outcome: Sendable {
        case stored
        /// The worker holds other bytes than it was thought to; ask it again.
        case overtaken
        /// What arrived is not the shard; the worker has thrown it away.
        case damaged(String)
    }

    /// Sends one shard and returns when the worker has checked and stored it, or says that it holds other bytes.
    ///
    /// - Parameter held: called with the bytes that the worker holds, as they become more.
    /// - Throws: `CoordinatorError` when the worker refuses it or its link ends.
    func send(
        _ shard: ModelShard, id: ShardID, from start: UInt64, held: @escaping @Sendable (Int) -> Void
    ) async throws(CoordinatorError) -> Outcome {
        defer { shard.discardResidentPages() }
        let events = client.transferEvents(of: id)
        let first = Int(clamping: start) < shard.byteCount ? Int(start) : 0
        let (sent, acknowledged, outcome) = await withTaskGroup(of: Int.self) { group in
            group.addTask { await push(shard, id: id, from: first) }
            let (acknowledged, outcome) = await withTaskCancellationHandler {
                await follow(events, of: shard, held: held)
            } onCancel: {
                client.endTransfer(of: id)
            }
            group.cancelAll()
            return (await group.next() ?? 0, acknowledged, outcome)
        }
        // An acknowledgement may be one of a transfer that was given up before.
        window.give(max(0, sent - acknowledged))
        return try outcome.get()
    }

    /// Sends the pieces, as the window lets it.
    ///
    /// - Returns: how many.
    private func push(_ shard: ModelShard, id: ShardID, from first: Int) async -> Int {
        var sent = 0
        for offset in stride(from: first, to: shard.byteCount, by: Self.pieceBytes) {
            guard await window.take() else { break }
            sent += 1
            let count = min(Self.pieceBytes, shard.byteCount - offset)
            // May wait for the disk.
            let bytes = await DispatchQueue.global().result {
                var bytes = ByteBufferAllocator().buffer(capacity: count)
                shard.read(offset: offset, count: count) { bytes.writeBytes($0) }
                if offset / Self.keptBytes != (offset + count) / Self.keptBytes { shard.discardResidentPages() }
                return bytes
            }
            guard !shard.isDamaged else {
                client.endTransfer(of: id)
                break
            }
            traffic.sent(count)
            client.send(
                .piece(ShardPiece(id: id, offset: UInt64(offset), totalBytes: UInt64(shard.byteCount), bytes: bytes)))
        }
        return sent
    }

    /// Reads what the worker says until the shard is stored or refused.
    ///
    /// - Returns: how many pieces it acknowledged, and how it ended.
    private func follow(
        _ events: AsyncStream<ShardTransferEvent>, of shard: ModelShard, held: @Sendable (Int) -> Void
    ) async -> (Int, Result<Outcome, CoordinatorError>) {
        var acknowledged = 0
        for await event in events {
            switch event {
            case .accepted(let bytes):
                acknowledged += 1
                window.give(1)
                held(min(Int(clamping: bytes), shard.byteCount))
            case .stored:
                held(shard.byteCount)
                return (acknowledged, .success(.stored))
            case .failed(.badRequest, _):
                // Another coordinator sends the same shard to this worker: the pieces of both cannot be in order.
                return (acknowledged, .success(.overtaken))
            case .failed(.shardCorrupt, let message):
                return (acknowledged, .success(.damaged(message)))
            case .failed(let code, let message):
                return (
                    acknowledged, .failure(CoordinatorError(.worker, message, failure: code, device: client.device))
                )
            case .ended(let error):
                return (acknowledged, .failure(error))
            }
        }
        let reason = CoordinatorError(.cancelled, "sending \(shard.part) to \(client.device) was given up")
        return (acknowledged, .failure(reason))
    }
}

extension DispatchQueue {
    /// What `work` gives on this queue, for tasks that must not block.
    func result<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { done in async { done.resume(returning: work()) } }
    }
}
