import NIOCore
import Testing
import Wire

@Suite struct StepFrameTests {
    @Test func `Wanted rows are counted and found`() {
        var step = Samples.step()
        #expect(step.rowCount == 9)
        #expect(step.wantedRows == [2, 3, 4, 5])
        step.pruned = true
        #expect(step.rowCount == 4)
        #expect(step.wantedRows == [2, 3, 4, 5])
    }

    @Test(arguments: [
        (16, "codec 5"), (17, "flags 4"), (18, "last stage of a replay 1"), (20, "entries"), (24, "the header says"),
    ]) func `A header field that is wrong is named`(offset: Int, text: String) throws {
        var payload = try payload(of: Samples.step())
        let values: [Int: UInt8] = [16: 5, 17: 4, 18: 1, 20: 200, 24: 8]
        payload.setInteger(try #require(values[offset]), at: offset + 4)
        expect(text, payload)
    }

    @Test(arguments: [
        (12, UInt8(0), "kind 0"), (12, 6, "kind 6"), (13, 1, "output is 1"), (14, 1, "reserved is 1"),
        (4, 1, "position is 1"), (8, 1, "count is 1"),
    ]) func `A field of an entry that is wrong is named`(offset: Int, value: UInt8, text: String) throws {
        var payload = try payload(of: Samples.step())
        payload.setInteger(value, at: 32 + offset)
        expect(text, payload)
        expect("entry 0", payload)
    }

    @Test func `Rows are bounded by position, number and output`() throws {
        var payload = try payload(of: Samples.step())
        payload.setInteger(UInt32.max, at: 48 + 4, endianness: .little)
        expect("end beyond", payload)
        payload.setInteger(UInt32(0), at: 48 + 4, endianness: .little)
        payload.setInteger(UInt32(0), at: 48 + 8, endianness: .little)
        expect("no rows", payload)
        payload.setInteger(UInt32(65_536), at: 48 + 8, endianness: .little)
        expect("takes up to 65536", payload)
        payload.setInteger(UInt8(3), at: 48 + 13)
        expect("output 3", payload)
    }

    @Test func `A replay has the bytes of PROTOCOL.md, and says its last stage`() throws {
        let bytes = Array(try payload(of: Samples.replay).readableBytesView)
        #expect(Array(bytes[20..<24]) == [2, 2, 255, 255])
        var payload = try payload(of: Samples.replay)
        payload.setInteger(UInt8(0), at: 21)
        expect("flags 0, last stage of a replay 65535", payload)
    }

    @Test(arguments: [
        StepEntry.open(sequence: 5), .close(sequence: 5), .trim(sequence: 5, to: 0),
        .rows(sequence: 1, position: 0, count: 1, output: .last),
        .rows(sequence: 1, position: 0, count: 1, output: .all),
    ]) func `A replay with anything but forks and rows without results is refused`(entry: StepEntry) throws {
        var frame = Samples.step(entries: [.fork(sequence: 2, from: 1, positions: 3), entry])
        var payload = try payload(of: frame)
        payload.setInteger(UInt8(2), at: 21)
        expect("entry 1: a replay has forks", payload)
        frame.replayThrough = 0
        #expect(throws: WireError.self) { _ = try Samples.bytes(of: .step(frame)) }
    }

    @Test func `Too few and too many bytes of rows are refused`() throws {
        var payload = try payload(of: Samples.step())
        let whole = payload.readableBytes
        payload.writeInteger(UInt8(0))
        expect("are 1152 bytes, found 1153", payload)
        payload.moveWriterIndex(to: whole - 1)
        expect("are 1152 bytes, found 1151", payload)
        for length in 0..<32 {
            payload.moveWriterIndex(to: length)
            expect("shorter than its header", payload)
        }
        payload.moveWriterIndex(to: 40)
        expect("do not fit", payload)
    }

    private func payload(of step: StepFrame) throws -> ByteBuffer {
        var bytes = try Samples.bytes(of: .step(step))
        bytes.moveReaderIndex(forwardBy: 16)
        return bytes.slice()
    }

    private func expect(_ text: String, _ payload: ByteBuffer, sourceLocation: SourceLocation = #_sourceLocation) {
        var decoder = FrameDecoder()
        var frame = Samples.raw(kind: 2, payload: payload)
        let error = #expect(throws: WireError.self, sourceLocation: sourceLocation) {
            _ = try decoder.decode(buffer: &frame)
        }
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
    }
}
