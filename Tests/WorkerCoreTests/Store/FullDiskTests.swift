import CoordinatorCore
import Foundation
import TestSupport
import Testing
import Transport
import Wire

#if os(Linux)
/// A disk that has no room for what comes in.
struct FullDiskTests {
    @Test func `a shard that finds the disk full is refused so, and comes in when there is room`() async throws {
        let tested = try TestWorker()
        let id = tested.shards.id(.layer(0))
        let pieces = tested.shards.pieces(.layer(0), size: 20_000)
        let partial = "\(tested.folder.path)/shards/\(id).partial"
        // The system's own file that is always full.
        try FileManager.default.createSymbolicLink(atPath: partial, withDestinationPath: "/dev/full")
        for piece in pieces[..<2] { tested.link.send(.piece(piece)) }
        guard case .failure(let failure) = await tested.probe.notice() else {
            Issue.record("taken")
            return
        }
        #expect(failure.code == .storeFull)
        #expect(failure.shard == id)
        #expect(failure.message.contains("free some disk space"))
        // The one behind it does not follow what is held.
        guard case .failure(let second) = await tested.probe.notice() else {
            Issue.record("taken")
            return
        }
        #expect(second.code == .badRequest)
        #expect(
            await tested.ask(.shardInquiry(ShardInquiry(ids: [id])))
                == .shardInventory(ShardInventory(shards: [ShardHolding(id: id, bytesHeld: 0, complete: false)])))
        try FileManager.default.removeItem(atPath: partial)
        for piece in pieces {
            tested.link.send(.piece(piece))
            guard case .shardPieceAccepted = await tested.probe.notice() else {
                Issue.record("not taken")
                return
            }
        }
        #expect(await tested.probe.notice() == .shardStored(ShardStored(id: id)))
        tested.end()
    }
}
#endif
