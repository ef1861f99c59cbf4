import NIOCore
import Testing
import Wire

@Suite struct ActivationCodingTests {
    @Test func `Float32 rows keep every bit`() {
        let values: [Float] = [0, -0.0, 1.5, .infinity, -.infinity, .leastNonzeroMagnitude, 3.4e38, .nan]
        var buffer = ByteBuffer()
        ActivationCodec.f32.encode(values, into: &buffer)
        #expect(buffer.readableBytes == ActivationCodec.f32.rowBytes(width: values.count))
        #expect(Array(buffer.readableBytesView.prefix(12)) == [0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 192, 63])
        #expect(ActivationCodec.f32.decode(buffer, count: 8).map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test func `Every binary16 value is read and written exactly`() {
        var buffer = ByteBuffer()
        for bits in UInt16.min...UInt16.max { buffer.writeInteger(bits, endianness: .little) }
        let floats = ActivationCodec.f16.decode(buffer, count: 65_536)
        let reference = (UInt16.min...UInt16.max).map { Float(Float16(bitPattern: $0)) }
        let wrong = (0..<65_536).count { index in
            reference[index].isNaN
                ? !floats[index].isNaN : floats[index].bitPattern != reference[index].bitPattern
        }
        #expect(wrong == 0)

        var again = ByteBuffer()
        ActivationCodec.f16.encode(floats, into: &again)
        let bits = again.readableBytesView.withUnsafeBytes { bytes in
            (0..<65_536).map { bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
        }
        #expect((0..<65_536).count { !floats[$0].isNaN && Int(bits[$0]) != $0 } == 0)
        #expect((0..<65_536).count { floats[$0].isNaN && !Float16(bitPattern: bits[$0]).isNaN } == 0)
    }

    @Test func `Floats round to the nearest binary16, ties to even, and saturate`() {
        var generator = SeededGenerator(seed: 16)
        var values: [Float] = [65_504, 65_519.9, 65_520, 1e9, -1e9, .greatestFiniteMagnitude, .infinity, -.infinity]
        // Ties: halfway between neighbours, normal and subnormal, and the edge between them.
        for bits in stride(from: UInt16(0), to: 0x7bff, by: 1) {
            let (low, high) = (Float(Float16(bitPattern: bits)), Float(Float16(bitPattern: bits + 1)))
            values += [(low + high) / 2, -((low + high) / 2).nextUp, ((low + high) / 2).nextDown]
        }
        for _ in 0..<100_000 { values.append(Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))) }
        values = values.filter { !$0.isNaN }
        var buffer = ByteBuffer()
        ActivationCodec.f16.encode(values, into: &buffer)
        let found = ActivationCodec.f16.decode(buffer, count: values.count)
        let wrong = values.indices.count { index in
            let value = values[index]
            let expected = value.isFinite ? Float(Float16(max(-65_504, min(65_504, value)))) : value
            return expected.bitPattern != found[index].bitPattern
        }
        #expect(wrong == 0)
    }

    @Test func `Blocks of q8 hold a scale and rounded quotients`() {
        var values = [Float](repeating: 0, count: 64)
        for index in 0..<32 { values[index] = Float(index) - 16 }
        values[0] = -127
        var buffer = ByteBuffer()
        ActivationCodec.q8.encode(values, into: &buffer)
        #expect(buffer.readableBytes == 72)
        // Scale 1, then -127, -15 …; the second block is all zero.
        #expect(Array(buffer.readableBytesView.prefix(6)) == [0, 0, 128, 63, 129, 241])
        #expect(Array(buffer.readableBytesView.suffix(36)) == Array(repeating: 0, count: 36))
        #expect(ActivationCodec.q8.decode(buffer, count: 64) == values)
    }

    @Test func `Values of q8 come back within half a step of their block's scale`() {
        var generator = SeededGenerator(seed: 8)
        let values = (0..<3_200).map { _ in Float.random(in: -100...100, using: &generator) }
        var buffer = ByteBuffer()
        ActivationCodec.q8.encode(values, into: &buffer)
        let found = ActivationCodec.q8.decode(buffer, count: values.count)
        let wrong = values.indices.count { index in
            let block = values[(index / 32 * 32)..<(index / 32 * 32 + 32)]
            let scale = (block.map(\.magnitude).max() ?? 0) / 127
            return (values[index] - found[index]).magnitude > scale * 0.5001
        }
        #expect(wrong == 0)
    }

    @Test func `Extreme blocks of q8 neither trap nor hide a fault`() {
        var values = [Float](repeating: .greatestFiniteMagnitude, count: 32)
        values += [Float](repeating: .leastNonzeroMagnitude, count: 32)
        values += [Float](repeating: 1, count: 31) + [.nan]
        values += [Float](repeating: 1, count: 31) + [-.infinity]
        var buffer = ByteBuffer()
        ActivationCodec.q8.encode(values, into: &buffer)
        let found = ActivationCodec.q8.decode(buffer, count: 128)
        #expect(found[..<64].count { $0.isFinite } == 64)
        #expect(found[64...].count { $0.isNaN } == 64)
    }

    @Test func `Token ids come back`() {
        let ids: [UInt32] = [0, 1, 49_151, .max]
        var buffer = ByteBuffer()
        TokenRows.encode(ids, into: &buffer)
        #expect(Array(buffer.readableBytesView.suffix(8)) == [255, 191, 0, 0, 255, 255, 255, 255])
        #expect(TokenRows.decode(buffer) == ids)
    }

    @Test(arguments: ActivationCodec.allCases) func `Codecs say which widths they take`(codec: ActivationCodec) {
        let widths = [0, 1, 31, 32, 64].filter(codec.accepts(width:))
        let expected: [ActivationCodec: [Int]] = [
            .none: [0], .tokens: [1], .f32: [1, 31, 32, 64], .f16: [1, 31, 32, 64], .q8: [32, 64],
        ]
        #expect(widths == expected[codec])
    }
}
