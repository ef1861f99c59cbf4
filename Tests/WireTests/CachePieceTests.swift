import NIOCore
import Testing
import Wire

@Suite struct CachePieceTests {
    @Test func `A piece of a cache has the bytes of PROTOCOL.md`() throws {
        let piece = CachePiece(
            epoch: 1, stage: 2, sequence: 3, layer: 4, page: 5, trims: 6, bytes: ByteBuffer(bytes: [7, 8]))
        let bytes = Array(try Samples.bytes(of: .cache(piece)).readableBytesView)
        let expected: [UInt8] =
            [83, 72, 79, 76, 4, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]  // frame header
            + [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 8]
        #expect(bytes == expected)
    }

    @Test func `A piece that is cut short, has no data or names what cannot be is refused`() throws {
        var bytes = try Samples.bytes(of: .cache(Samples.cache))
        bytes.moveReaderIndex(forwardBy: 16)
        let payload = bytes.slice()
        for length in 0..<24 {
            try expect("shorter than its header", try #require(payload.getSlice(at: 0, length: length)))
        }
        try expect("no data", try #require(payload.getSlice(at: 0, length: 24)))
        for (offset, value) in [(12, UInt32(65_536)), (16, 1 << 22)] {
            var changed = payload
            changed.setInteger(value, at: offset, endianness: .little)
            try expect("is out of range", changed)
        }
    }

    @Test func `A piece above the link's limit is neither sent nor taken`() throws {
        var limits = FrameLimits()
        limits.cacheBytes = 2
        #expect(throws: WireError.self) { _ = try FrameEncoder.encode(.cache(Samples.cache), limits: limits) }
        var decoder = FrameDecoder(limits: limits)
        var bytes = try Samples.bytes(of: .cache(Samples.cache))
        let error = #expect(throws: WireError.self) { _ = try decoder.decode(buffer: &bytes) }
        #expect(error?.code == .tooLarge)
    }

    private func expect(_ text: String, _ payload: ByteBuffer, sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        var decoder = FrameDecoder()
        var frame = Samples.raw(kind: 4, payload: payload)
        let error = #expect(throws: WireError.self, sourceLocation: sourceLocation) {
            _ = try decoder.decode(buffer: &frame)
        }
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
    }
}
