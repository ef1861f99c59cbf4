import Dispatch
import Formats
import NIOCore
import Synchronization
import Transport
import Wire

/// Passes shards on to another worker over one link: what it asks for, one request after the other, a few pieces at a time.
///
/// A piece is read when one before it has left, so what is queued stays bounded however much is asked for. Safe from any thread.
package final class ShardUploads: Sendable {
    /// Bytes of one piece at most: two of each link wait, and each takes as much again where it is encrypted.
    package static let pieceBytes = 256 << 10
    /// Pieces that wait to be sent at most.
    private static let window = 2
    /// Requests that wait at most.
    private static let requests = 16

    private let shards: any ShardProvider
    private let queue: DispatchQueue
    private let state = Mutex(State())

    private struct State {
        var waiting: [(request: UInt64, part: ShardRequest)] = []
        var sending: (request: UInt64, id: ShardID, bytes: MappedBytes, next: Int, end: Int)?
        /// Pieces on their way out.
        var pieces = 0
    }

    /// - Parameter queue: reads the disk.
    init(shards: any ShardProvider, queue: DispatchQueue) {
        self.shards = shards
        self.queue = queue
    }

    func add(_ part: ShardRequest, request: UInt64, to link: any Link) {
        let isTaken = state.withLock { state in
            guard state.waiting.count < Self.requests else { return false }
            state.waiting.append((request, part))
            return true
        }
        guard isTaken else {
            return link.send(
                .failure(Failure(code: .busy, message: "too many requests for shards at a time", shard: part.id)),
                request: request)
        }
        queue.async { self.fill(link) }
    }

    /// Sends as much as may be on its way. On the queue.
    private func fill(_ link: any Link) {
        while state.withLock({ $0.pieces < Self.window }) {
            guard let piece = nextPiece(link) else { return }
            state.withLock { $0.pieces += 1 }
            link.send(.piece(piece)) { isWritten in
                self.state.withLock { $0.pieces -= 1 }
                if isWritten { self.queue.async { self.fill(link) } }
            }
        }
    }

    private func nextPiece(_ link: any Link) -> ShardPiece? {
        while state.withLock({ $0.sending == nil }) {
            guard let next = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return nil }
            do throws(WorkerError) {
                let part = next.part
                let bytes = try shards.bytes(of: part.id)
                guard part.offset < UInt64(bytes.count), part.count <= UInt64(bytes.count) - part.offset else {
                    throw WorkerError(
                        .badRequest, "shard \(part.id) has \(bytes.count) bytes, fewer than were asked for")
                }
                state.withLock {
                    $0.sending = (next.request, part.id, bytes, Int(part.offset), Int(part.offset) + Int(part.count))
                }
            } catch {
                // To another worker a shard that was damaged is one that is not there.
                let code = error.code == .shardCorrupt ? .shardMissing : error.code
                link.send(
                    .failure(Failure(code: code, message: error.message, shard: next.part.id)), request: next.request)
            }
        }
        guard let (request, id, bytes) = state.withLock({ $0.sending.map { ($0.request, $0.id, $0.bytes) } }) else {
            return nil
        }
        let piece = state.withLock { state -> ShardPiece? in
            guard let (_, _, _, next, end) = state.sending else { return nil }
            let part = bytes.slice(offset: next, count: min(Self.pieceBytes, end - next))!
            let copy = part.withUnsafeBytes { ByteBuffer(bytes: $0) }
            part.discardResidentPages()
            state.sending =
                !part.isDamaged && next + part.count < end ? (request, id, bytes, next + part.count, end) : nil
            guard !part.isDamaged else { return nil }
            return ShardPiece(id: id, offset: UInt64(next), totalBytes: UInt64(bytes.count), bytes: copy)
        }
        if piece != nil { return piece }
        link.send(
            .failure(Failure(code: .shardMissing, message: "shard \(id) was made shorter on the disk", shard: id)),
            request: request)
        return nextPiece(link)
    }
}
