import Testing
import WorkerCore

/// How long a source of shards may take.
struct SourcePatienceTests {
    private func looks(bytesPerLook: Int) -> Int? {
        var patience = SourcePatience(limit: .seconds(15))
        return (0..<100_000).first { patience.isOver(at: $0 * bytesPerLook) }
    }

    @Test func `a source that gives nothing, or less than the slowest link carries, is found`() {
        #expect(looks(bytesPerLook: 0) == 15)
        #expect(looks(bytesPerLook: 1) == 16)
        #expect(looks(bytesPerLook: 25_000) == 30)
        #expect(looks(bytesPerLook: 50_000) == nil)
    }

    @Test func `what came fast does not let what follows take longer`() {
        var patience = SourcePatience(limit: .seconds(15))
        #expect(!patience.isOver(at: 0) && !patience.isOver(at: 1 << 30))
        #expect((0..<15).map { _ in patience.isOver(at: 1 << 30) } == Array(repeating: false, count: 14) + [true])
    }
}
