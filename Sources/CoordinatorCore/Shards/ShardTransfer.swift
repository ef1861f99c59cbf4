import NIOCore
import Transport
import Wire

/// What a worker reports of a shard that is being sent to it.
enum ShardTransferEvent: Sendable {
    case accepted(bytesHeld: UInt64)
    case stored
    case failed(FailureCode?, String)
}

/// Sends shards to one worker: in pieces, from where it stopped last time, with a bounded number unacknowledged.
struct ShardTransfer {
    /// Bytes of one piece at most.
    static let pieceBytes = 1 << 20
    /// Pieces sent and not acknowledged at most; with `pieceBytes` this bounds what is queued.
    static let window = 8

    let client: WorkerClient

    enum Outcome: Sendable {
        case stored
        /// The worker holds other bytes than it was thought to; ask it again.
        case overtaken
    }

    /// Sends one shard and returns when the worker has checked and stored it, or says that it holds other bytes.
    ///
    /// - Parameter advanced: called with the bytes newly acknowledged.
    /// - Throws: `CoordinatorError` when the worker refuses it or its link ends.
    func send(
        _ shard: ModelShard, id: ShardID, from start: UInt64, advanced: @Sendable (Int) -> Void
    ) async throws(CoordinatorError) -> Outcome {
        defer { shard.discardResidentPages() }
        let events = client.transferEvents(of: id)
        var sent = Int(clamping: start) < shard.byteCount ? Int(start) : 0
        var held = sent
        func fill() {
            while sent < shard.byteCount, sent - held < Self.window * Self.pieceBytes {
                let count = min(Self.pieceBytes, shard.byteCount - sent)
                var bytes = ByteBufferAllocator().buffer(capacity: count)
                shard.read(offset: sent, count: count) { bytes.writeBytes($0) }
                client.send(
                    .piece(ShardPiece(id: id, offset: UInt64(sent), totalBytes: UInt64(shard.byteCount), bytes: bytes)))
                sent += count
            }
        }
        fill()
        for await event in events {
            switch event {
            case .accepted(let bytes):
                let now = min(Int(clamping: bytes), sent)
                if now > held { advanced(now - held) }
                held = max(held, now)
                fill()
            case .stored:
                if shard.byteCount > held { advanced(shard.byteCount - held) }
                return .stored
            case .failed(.badRequest, _):
                // Another coordinator sends the same shard to this worker: the pieces of both cannot be in order.
                return .overtaken
            case .failed(_, let message):
                throw CoordinatorError(.worker, message)
            }
        }
        throw CoordinatorError(.cancelled, "sending \(shard.part) to \(client.device) was given up")
    }
}
