import CoordinatorCore
import Testing
import WorkerCore

/// How long sources of shards may take.
struct SourcePatienceTests {
    private func looks(bytesPerLook: Int) -> Int? {
        var patience = SourcePatience.ofOne(shardBytes: 0)
        return (0..<100_000).first { patience.isOver(at: $0 * bytesPerLook) }
    }

    @Test func `a source that gives nothing, or less than the slowest link carries, is found`() {
        #expect(looks(bytesPerLook: 0) == 15)
        #expect(looks(bytesPerLook: 1) == 16)
        #expect(looks(bytesPerLook: 25_000) == 30)
        #expect(looks(bytesPerLook: 50_000) == nil)
    }

    @Test func `what came fast does not let what follows take longer`() {
        var patience = SourcePatience.ofOne(shardBytes: 0)
        #expect(!patience.isOver(at: 0) && !patience.isOver(at: 1 << 30))
        #expect((0..<15).map { _ in patience.isOver(at: 1 << 30) } == Array(repeating: false, count: 14) + [true])
    }

    @Test(arguments: [1, 2, 16, 127], [1000, 2 << 20, 500 << 20, 8 << 30])
    func `a worker gives up getting a shard before its coordinator takes it for lost, however its sources give`(
        sources: Int, bytes: Int
    ) {
        let limits = HeadwayLimits()
        // Bytes that are held a second later, and how many at most.
        for (rate, most) in [
            (0, 0), (1, bytes), (30_000, bytes), (51_000, bytes), (1 << 40, bytes / 2), (1 << 40, bytes),
        ] {
            var patience = SourcePatience.ofAll(sources, shardBytes: UInt64(bytes))
            var watch = HeadwayWatch()
            var seconds = 0
            while !patience.isOver(at: min(seconds * rate, most)) {
                let isLost = watch.look(
                    at: UInt64(min(seconds * rate, most)), every: .seconds(1),
                    limit: limits.fetching(bytes, sources: sources), bytesPerSecond: limits.linkBytesPerSecond)
                seconds += 1
                if isLost { break }
            }
            #expect(
                limits.fetching(bytes, sources: sources) - watch.waited >= .seconds(5), "no time for the word of it")
        }
    }
}
