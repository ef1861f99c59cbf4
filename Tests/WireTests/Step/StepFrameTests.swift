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
        (16, "codec 5"), (17, "flags 2"), (18, "reserved"), (20, "entries"), (24, "the header says"),
    ]) func `A header field that is wrong is named`(offset: Int, text: String) throws {
        var payload = try payload(of: Samples.step())
        let values: [Int: UInt8] = [16: 5, 17: 2, 18: 1, 20: 200, 24: 8]
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
