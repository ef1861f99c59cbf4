import Wire
import WorkerCore

extension ShardStore {
    /// Takes a piece in that nobody will need.
    func accept(_ piece: ShardPiece) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool) {
        try accept(piece, for: makeClaim())
    }

    /// What is held, for who only wants to know.
    func holdings(_ ids: [ShardID]) -> [ShardHolding] { holdings(ids, for: nil) }
}
