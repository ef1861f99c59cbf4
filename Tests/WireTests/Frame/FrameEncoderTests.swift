import NIOCore
import Testing
import Wire

@Suite struct FrameEncoderTests {
    @Test func `Bulk data is the frame's own buffer, not a copy`() throws {
        let step = Samples.step()
        let encoded = try FrameEncoder.encode(.step(step))
        let bulk = try #require(encoded.bulk)
        let same = step.payload.withUnsafeReadableBytes { ours in
            bulk.withUnsafeReadableBytes { $0.baseAddress == ours.baseAddress }
        }
        #expect(same)
        #expect(encoded.byteCount == 16 + 32 + 7 * 16 + 9 * 32 * 4)
    }

    @Test func `Frames that a peer would refuse are not encoded`() {
        expect(.malformedPayload) { $0.payload = ByteBuffer(bytes: [1]) }
        expect(.malformedPayload) { $0.width = 31 }
        expect(.tooLarge) { $0.width = (1 << 20) + 1 }
        expect(.malformedPayload) { $0.entries[1] = .rows(sequence: 1, position: 0, count: 0, output: .all) }
        expect(.malformedPayload) { $0.entries[2] = .fork(sequence: 2, from: 2, positions: 0) }
        expect(.tooLarge) { $0.entries = Array(repeating: .open(sequence: 1), count: 65_537) }
        var piece = Samples.piece
        piece.bytes = ByteBuffer(repeating: 0, count: 11)
        #expect(throws: WireError.self) { _ = try FrameEncoder.encode(.piece(piece)) }
        piece.bytes = ByteBuffer()
        #expect(throws: WireError.self) { _ = try FrameEncoder.encode(.piece(piece)) }
    }

    @Test func `A control message above the limit is not encoded`() {
        let ids = Array(repeating: Samples.id(1), count: 8_193)
        let error = #expect(throws: WireError.self) {
            _ = try FrameEncoder.encode(.control(ControlMessage(body: .shardInquiry(ShardInquiry(ids: ids)))))
        }
        #expect(error?.code == .tooLarge)
    }

    private func expect(
        _ code: WireError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout StepFrame) -> Void
    ) {
        var step = Samples.step()
        change(&step)
        let error = #expect(throws: WireError.self, sourceLocation: sourceLocation) {
            _ = try FrameEncoder.encode(.step(step))
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }
}
