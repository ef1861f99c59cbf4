import NIOCore
import Testing
import Wire
import WorkerCore

struct StepDemandTests {
    private func frame(_ entries: [StepEntry]) -> StepFrame {
        let rows = entries.reduce(0) { $0 + $1.rowCount }
        return tokenStep([UInt32](repeating: 1, count: rows), entries: entries)
    }

    private func demand(_ entries: [StepEntry], width: Int, prunes: Bool = true) throws(WorkerError) -> StepDemand {
        try StepDemand(frame(entries), inputWidth: 1, outputWidth: width, codec: .f32, prunes: prunes)
    }

    @Test func `rows as they come, and the wanted ones as floats and as they go, are counted`() throws {
        let entries: [StepEntry] = [
            .rows(sequence: 1, position: 0, count: 100, output: .all),
            .rows(sequence: 2, position: 0, count: 50, output: .last),
            .rows(sequence: 3, position: 0, count: 7, output: .none),
        ]
        let demand = try demand(entries, width: 1000)
        #expect(demand.rows == 101)
        #expect(demand.payloadBytes == 404_000)
        #expect(demand.bytes == 2 * 404_000 + 157 * 4)
        #expect(try self.demand(entries, width: 1000, prunes: false).rows == 157)
    }

    @Test func `a few bytes that ask for more results than a frame has are refused, whatever the product`() {
        let entries: [StepEntry] = [.rows(sequence: 1, position: 0, count: 22_000, output: .all)]
        for width in [49_152, 1 << 40, .max / 4] {
            #expect { try demand(entries, width: width) } throws: {
                ($0 as? WorkerError)?.code == .badRequest
            }
        }
        let most = ((256 << 20) - StepFrame.headerBytes - StepEntry.byteCount) / 4
        #expect(throws: Never.self) {
            try demand([.rows(sequence: 1, position: 0, count: 1, output: .all)], width: most)
        }
        #expect(throws: WorkerError.self) {
            try demand([.rows(sequence: 1, position: 0, count: 1, output: .all)], width: most + 1)
        }
    }

    @Test func `sequences that begin count too`() throws {
        let opens = try demand((0..<1000).map { .open(sequence: $0) }, width: 8)
        #expect(opens.bytes >= 1000 * 256)
        let forks = try demand((0..<1000).map { .fork(sequence: $0, from: 5000, positions: 1 << 20) }, width: 8)
        #expect(forks.bytes >= 1000 * (1 << 20) / 64 * 16)
    }
}
