import TestSupport
import Testing
import Wire
import WorkerCore

/// Which shards go to make room.
struct EvictionTests {
    private func id(_ number: UInt8) -> ShardID { ShardID([UInt8](repeating: number, count: 32))! }

    private func shard(_ number: UInt8, bytes: Int = 10, lastUse: Int64, claimed: Bool = false) -> StoredShard {
        StoredShard(id: id(number), bytes: bytes, lastUse: lastUse, isClaimed: claimed)
    }

    @Test func `nothing goes while there is room`() throws {
        let shards = [shard(1, lastUse: 1), shard(2, lastUse: 2)]
        #expect(try Eviction.choose(shards, coming: 5, limit: 25, free: 5) == [])
        #expect(try Eviction.choose([], coming: 0, limit: 0, free: 0) == [])
    }

    @Test func `those go first that were used longest ago, and no more than needed`() throws {
        let shards = [shard(1, lastUse: 30), shard(2, lastUse: 10), shard(3, lastUse: 20)]
        #expect(try Eviction.choose(shards, coming: 1, limit: 30, free: 100) == [id(2)])
        #expect(try Eviction.choose(shards, coming: 10, limit: 30, free: 100) == [id(2)])
        #expect(try Eviction.choose(shards, coming: 11, limit: 30, free: 100) == [id(2), id(3)])
        // The disk's own room counts too.
        #expect(try Eviction.choose(shards, coming: 10, limit: 1000, free: 1) == [id(2)])
    }

    @Test func `claimed shards stay, and what is short is told`() throws {
        let shards = [shard(1, lastUse: 1, claimed: true), shard(2, lastUse: 2), shard(3, lastUse: 3, claimed: true)]
        #expect(try Eviction.choose(shards, coming: 10, limit: 30, free: 100) == [id(2)])
        #expect(throws: Eviction.Shortfall(bytes: 5)) {
            try Eviction.choose(shards, coming: 15, limit: 30, free: 100)
        }
    }

    @Test func `too many go as too large ones do`() throws {
        let shards = (1...5).map { shard(UInt8($0), bytes: 0, lastUse: Int64($0), claimed: $0 == 1) }
        func choose(coming: Int) throws -> [ShardID] {
            try Eviction.choose(shards, coming: 0, limit: 100, free: 100, comingShards: coming, mostShards: 6)
        }
        #expect(try choose(coming: 1) == [])
        #expect(try choose(coming: 3) == [id(2), id(3)])
        #expect(throws: Eviction.Shortfall(bytes: 0, shards: 1)) { try choose(coming: 6) }
    }

    @Test(arguments: 1...50) func `what is left fits, and nothing that stays was used before something that goes`(
        seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let shards = (0..<20).map { number in
            shard(
                UInt8(number), bytes: .random(in: 0...100, using: &generator),
                lastUse: .random(in: 0...15, using: &generator), claimed: .random(using: &generator))
        }
        let (coming, limit) = (Int.random(in: 0...500, using: &generator), Int.random(in: 0...1000, using: &generator))
        let held = shards.reduce(0) { $0 + $1.bytes }
        let claimed = shards.filter(\.isClaimed).reduce(0) { $0 + $1.bytes }
        do {
            let going = Set(try Eviction.choose(shards, coming: coming, limit: limit, free: .max / 2))
            let left = shards.filter { !going.contains($0.id) }
            #expect(held + coming <= limit || left.reduce(0) { $0 + $1.bytes } + coming <= limit)
            #expect(shards.allSatisfy { !(going.contains($0.id) && $0.isClaimed) })
            let latest = shards.filter { going.contains($0.id) }.map(\.lastUse).max() ?? 0
            #expect(left.allSatisfy { $0.isClaimed || $0.lastUse >= latest })
        } catch {
            #expect(error.bytes == claimed + coming - limit)
        }
    }
}
