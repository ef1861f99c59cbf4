import Synchronization
import Wire

/// What carrying shards to one device takes. Safe from any thread.
final class ShardCarrier: Sendable {
    let transfer: ShardTransfer
    let tally: HeldTally
    /// What the device needs, as far as its ids are known.
    private let parts = Mutex<[ShardID: ModelPart]>([:])

    init(transfer: ShardTransfer, tally: HeldTally) {
        self.transfer = transfer
        self.tally = tally
    }

    var ids: [ShardID] { parts.withLock { $0.keys.sorted() } }

    func part(of id: ShardID) -> ModelPart { parts.withLock { $0[id]! } }

    func add(_ new: [(ShardID, ModelPart)]) {
        parts.withLock { parts in for (id, part) in new { parts[id] = part } }
    }
}
