import Dispatch
import Synchronization
import Transport
import Wire

/// What a link has to do with shards: takes in, gets from others, and passes on.
final class ShardTraffic: Sendable {
    /// How many shards may be got from other workers at a time.
    private static let fetches = 16

    private let worker: Worker
    private let peer: PeerIdentity
    /// What the coordinator of this link asked about last, and sent since: not evicted for what it sends.
    private let claim: ShardClaim
    /// Disk work and hashing: in order for each shard, and for several at a time.
    private let queues = (0..<4).map { DispatchQueue(label: "shoal.worker.shards.\($0)") }
    private let uploads: ShardUploads
    private let fetching = Mutex<[UInt64: Task<Void, Never>]>([:])

    init(worker: Worker, peer: PeerIdentity) {
        self.worker = worker
        self.peer = peer
        claim = worker.shards.makeClaim()
        uploads = ShardUploads(shards: worker.shards, queue: queues[0])
    }

    /// What is held of some shards; the coordinator's question is a use, and says what it will need.
    func holdings(_ ids: [ShardID]) -> [ShardHolding] {
        worker.shards.holdings(ids, for: peer.role == .coordinator ? claim : nil)
    }

    /// Removes shards that nothing needs, and tells what is held then.
    func forget(_ ids: [ShardID]) -> [ShardHolding] {
        worker.shards.forget(ids)
        return worker.shards.holdings(ids, for: nil)
    }

    /// - Parameter done: called once the piece is written or refused.
    func accept(_ piece: ShardPiece, on link: any Link, done: @escaping @Sendable () -> Void) {
        queue(of: piece.id).async { [worker, claim] in
            defer { done() }
            do throws(WorkerError) {
                let (held, complete) = try worker.shards.accept(piece, for: claim)
                link.send(.shardPieceAccepted(ShardPieceAccepted(id: piece.id, bytesHeld: held)))
                if complete { link.send(.shardStored(ShardStored(id: piece.id))) }
            } catch {
                link.send(.failure(Failure(code: error.code, message: error.message, shard: piece.id)))
            }
        }
    }

    /// Passes a part of a shard on to the worker at the other end.
    func upload(_ part: ShardRequest, request: UInt64, on link: any Link) {
        uploads.add(part, request: request, to: link)
    }

    /// Gets a shard from other workers, and answers when it is there.
    func fetch(_ fetch: FetchShard, request: UInt64, on link: any Link) {
        let work = ShardFetch(
            fetch: fetch, worker: worker, claim: claim, queue: queue(of: fetch.id),
            advanced: { link.send(.shardPieceAccepted(ShardPieceAccepted(id: fetch.id, bytesHeld: $0))) })
        let isTaken = fetching.withLock { fetching in
            guard fetching.count < Self.fetches else { return false }
            fetching[request] = Task { [self] in
                let reply = await work.run()
                self.fetching.withLock { _ = $0.removeValue(forKey: request) }
                link.send(reply, request: request)
            }
            return true
        }
        if !isTaken {
            let failure = Failure(code: .busy, message: "too many shards are being got at a time", shard: fetch.id)
            link.send(.failure(failure), request: request)
        }
    }

    /// The link is over: nobody waits for what is still being got.
    func end() {
        for task in fetching.withLock({ Array($0.values) }) { task.cancel() }
    }

    private func queue(of id: ShardID) -> DispatchQueue { queues[Int(id.bytes[0]) % queues.count] }
}
