import NIOCore
import NIOTestUtils
import Testing
import Wire

@Suite struct FrameDecoderTests {
    @Test func `Every frame survives the wire, whole, byte by byte and together with others`() throws {
        let pairs = try Samples.frames.map { (try Samples.bytes(of: $0), [$0]) }
        try ByteToMessageDecoderVerifier.verifyDecoder(inputOutputPairs: pairs) { FrameDecoder() }
    }

    @Test func `The header of a frame has the bytes of PROTOCOL.md`() throws {
        let bytes = try Samples.bytes(of: .control(ControlMessage(body: .describeDevice(DescribeDevice()))))
        #expect(Array(bytes.readableBytesView) == [83, 72, 79, 76, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x82, 1, 0])
    }

    @Test func `A step has the bytes of PROTOCOL.md`() throws {
        let frame = StepFrame(
            epoch: 1, stage: 2, step: 3,
            entries: [.open(sequence: 4), .rows(sequence: 4, position: 5, count: 1, output: .last)], width: 1,
            codec: .tokens, payload: ByteBuffer(bytes: [9, 0, 0, 0]))
        let bytes = try Samples.bytes(of: .step(frame))
        let expected: [UInt8] =
            [83, 72, 79, 76, 2, 0, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0]  // frame header
            + [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]  // epoch, stage, step
            + [1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]  // width, codec, flags, entries, rows
            + [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]  // open
            + [4, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]  // rows
            + [9, 0, 0, 0]
        #expect(Array(bytes.readableBytesView) == expected)
    }

    @Test func `A small payload that is kept does not keep the large buffer that it came in`() throws {
        let bytes = try Samples.bytes(of: .step(Samples.step()))
        var buffer = ByteBufferAllocator().buffer(capacity: 1 << 20)
        buffer.writeImmutableBuffer(bytes)
        var decoder = FrameDecoder()
        guard case .step(let step)? = try decoder.decode(buffer: &buffer) else {
            Issue.record("no step")
            return
        }
        #expect(step == Samples.step())
        #expect(step.payload.storageCapacity <= 32 << 10)
    }

    @Test func `A large payload is the buffer that it came in`() throws {
        let piece = ShardPiece(
            id: Samples.piece.id, offset: 0, totalBytes: 1 << 20, bytes: ByteBuffer(repeating: 7, count: 1 << 20))
        var buffer = try Samples.bytes(of: .piece(piece))
        let capacity = buffer.storageCapacity
        var decoder = FrameDecoder()
        guard case .piece(let read)? = try decoder.decode(buffer: &buffer) else {
            Issue.record("no piece")
            return
        }
        #expect(read == piece)
        #expect(read.bytes.storageCapacity == capacity)
    }

    @Test func `Foreign first bytes are refused at the first byte that differs, and named`() {
        expect(.notShoal, "HTTP request", ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
        expect(.notShoal, "answers in HTTP", ByteBuffer(string: "HTTP/1.1 400 Bad Request"))
        expect(.notShoal, "TLS", ByteBuffer(bytes: [0x16, 0x03, 0x01, 0x02]))
        expect(.notShoal, "00 ff", ByteBuffer(bytes: [0, 255]))
        expect(.notShoal, "53 48 4f 4d", ByteBuffer(string: "SHOM"))
    }

    @Test func `Kinds, flags and reserved fields of later versions are refused`() {
        expect(.malformedHeader, "kind 0", Samples.raw(kind: 0, payload: ByteBuffer()))
        expect(.malformedHeader, "kind 5", Samples.raw(kind: 5, payload: ByteBuffer()))
        expect(.malformedHeader, "flags 1", Samples.raw(kind: 1, payload: ByteBuffer(), flags: 1))
        expect(.malformedHeader, "reserved 2", Samples.raw(kind: 1, payload: ByteBuffer(), reserved: 2))
        expect(.malformedHeader, "and 3", Samples.raw(kind: 1, payload: ByteBuffer(), end: 3))
    }

    @Test(arguments: zip([1, 2, 3, 4] as [UInt8], [1 << 20, 256 << 20, (4 << 20) + 48, (16 << 20) + 24] as [UInt32]))
    func `A length above the limit is refused from the header alone`(kind: UInt8, limit: UInt32) throws {
        var header = ByteBuffer(bytes: [83, 72, 79, 76, kind, 0, 0, 0])
        header.writeInteger(limit, endianness: .little)
        header.writeInteger(UInt32(0))
        var decoder = FrameDecoder()
        var allowed = header
        #expect(try decoder.decode(buffer: &allowed) == nil)
        header.setInteger(limit + 1, at: 8, endianness: .little)
        expect(.tooLarge, "\(limit + 1) bytes", header)
    }

    @Test func `Before the handshake only short control frames pass`() throws {
        let hello = try Samples.bytes(of: Samples.frames[0])
        var decoder = FrameDecoder(limits: .handshake)
        var buffer = hello
        #expect(try decoder.decode(buffer: &buffer) == Samples.frames[0])
        expect(.tooLarge, "step payload", try Samples.bytes(of: .step(Samples.step())), limits: .handshake)
        expect(.tooLarge, "piece payload", try Samples.bytes(of: .piece(Samples.piece)), limits: .handshake)
        expect(.tooLarge, "cache payload", try Samples.bytes(of: .cache(Samples.cache)), limits: .handshake)
    }

    @Test func `A stream that ends within a frame says so`() throws {
        var buffer = try Samples.bytes(of: Samples.frames[0])
        buffer.moveWriterIndex(to: buffer.writerIndex - 1)
        var decoder = FrameDecoder()
        let error = #expect(throws: WireError.self) { _ = try decoder.decodeLast(buffer: &buffer, seenEOF: true) }
        #expect(error?.code == .truncated)
        var empty = ByteBuffer()
        #expect(try decoder.decodeLast(buffer: &empty, seenEOF: true) == nil)
    }

    @Test func `Frames with any bytes changed give a frame or a typed error, and what they give is valid`() throws {
        let seed: UInt64 = 0x5eed
        var generator = SeededGenerator(seed: seed)
        let originals = try Samples.frames.map { try Samples.bytes(of: $0) }
        var frames = 0
        var errors = 0
        for _ in 0..<40_000 {
            var bytes = originals[Int.random(in: 0..<originals.count, using: &generator)]
            let length = bytes.readableBytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                // Half of the changes beyond the frame header, where the parsers are.
                let start = length > 16 && Bool.random(using: &generator) ? 16 : 0
                bytes.setInteger(
                    UInt8.random(in: 0...255, using: &generator), at: Int.random(in: start..<length, using: &generator))
            }
            if Int.random(in: 0..<8, using: &generator) == 0 {
                let cut = Int.random(in: 0...length, using: &generator)
                bytes.moveWriterIndex(to: cut)
                if cut >= 16 { bytes.setInteger(UInt32(cut - 16), at: 8, endianness: .little) }
            }
            var decoder = FrameDecoder()
            do {
                guard let frame = try decoder.decode(buffer: &bytes) else { continue }
                frames += 1
                var again = try Samples.bytes(of: frame)
                #expect(try decoder.decode(buffer: &again) == frame, "seed \(seed)")
            } catch {
                #expect(error is WireError, "seed \(seed)")
                errors += 1
            }
        }
        #expect(frames > 1_000 && errors > 1_000, "the changes hit both ways: \(frames) frames, \(errors) errors")
    }

    @Test func `Random bytes after a valid header never crash`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0..<200, using: &generator)
            let payload = ByteBuffer(bytes: (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
            var frame = Samples.raw(kind: UInt8.random(in: 1...4, using: &generator), payload: payload)
            var decoder = FrameDecoder()
            do {
                let decoded = try decoder.decode(buffer: &frame)
                #expect(decoded != nil && frame.readableBytes == 0)
            } catch {
                #expect(error is WireError)
            }
        }
    }

    private func expect(
        _ code: WireError.Code, _ text: String, _ bytes: ByteBuffer, limits: FrameLimits = FrameLimits(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var decoder = FrameDecoder(limits: limits)
        var buffer = bytes
        let error = #expect(throws: WireError.self, sourceLocation: sourceLocation) {
            _ = try decoder.decode(buffer: &buffer)
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
    }
}
