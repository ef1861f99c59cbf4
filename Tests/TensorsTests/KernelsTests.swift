import Formats
import Tensors
import TestSupport
import Testing

@Suite struct KernelsTests {
    @Test("the scalar kernels run everywhere and an unknown set is refused by name")
    func theScalarKernelsRunEverywhereAnd() throws {
        #expect(Kernels.supportedInstructionSets.first == "scalar")
        #expect(Kernels.supportedInstructionSets.contains(Kernels.instructionSet))
        let error = #expect(throws: TensorError.self) { try Kernels.using(instructionSet: "mmx") {} }
        #expect(error?.description.contains("mmx") == true)
        #expect(error?.description.contains("scalar") == true)
    }

    @Test("an instruction set can be forced", arguments: Kernels.supportedInstructionSets)
    func anInstructionSetCanBeForced(name: String) throws {
        let active = try Kernels.using(instructionSet: name) { Kernels.instructionSet }
        #expect(active == name)
    }

    @Test(
        "blocks become the reference's floats on every instruction set",
        .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)),
        arguments: [
            "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS",
            "MXFP4",
            "TQ1_0", "IQ2_XXS", "IQ3_S",
        ])
    func blocksBecomeTheReferenceSFloats(name: String) throws {
        let type = try #require(ElementType.allCases.first { $0.name == name })
        let expected = try Golden.floats("quant/\(name).dequant.f32"),
            blocks = try Golden.bytes("quant/\(name).blocks.bin")
        for set in Kernels.supportedInstructionSets {
            let floats = try Kernels.using(instructionSet: set) { dequantized(blocks, type, expected.count) }
            #expect(equalBits(floats, expected), "\(set)")
        }
    }

    @Test("blocks of every type become the same floats on every instruction set", arguments: packedTypes + rawTypes)
    func blocksOfEveryTypeBecomeThe(type: ElementType) throws {
        var generator = SeededGenerator(seed: 3)
        let count = 20 * max(type.blockElements, 16), blocks = randomBlocks(type, elements: count, &generator)
        let expected = try Kernels.using(instructionSet: "scalar") { dequantized(blocks, type, count) }
        #expect(Set(expected).count > 2 && expected.allSatisfy(\.isFinite))
        for set in wideInstructionSets {
            let floats = try Kernels.using(instructionSet: set) { dequantized(blocks, type, count) }
            #expect(equalBits(floats, expected), "\(set), \(generator)")
        }
    }

    /// Types that the golden data do not hold. The digests (FNV-1a over the words) are of what gguf-py 0.19 makes of the same blocks.
    @Test(
        "blocks become the floats of gguf-py",
        arguments: [
            (ElementType.q5_1, 0x2973_579b_413a_9e25 as UInt64), (.tq2_0, 0xcabc_54a7_d89e_8325),
            (.iq2_xs, 0x780f_8c3a_cbe2_8675),
            (.iq2_s, 0x4353_4391_5ba4_2d3d), (.iq3_xxs, 0x9077_1e53_2776_4ee5),
            (.iq1_s, 0xa821_7b00_f959_d465),
            (.iq1_m, 0x0044_aec8_16aa_6385),
        ])
    func blocksBecomeTheFloatsOfGguf(type: ElementType, expected: UInt64) throws {
        let blocks = 512, size = type.blockBytes
        var state = type.rawValue
        var bytes = (0..<blocks * size).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        for block in 0..<blocks {
            for offset in halfOffsets(type) {
                let bits = 0x2000 + block
                (bytes[block * size + offset], bytes[block * size + offset + 1]) = (UInt8(bits & 255), UInt8(bits >> 8))
            }
            if type == .iq1_m { bytes[block * size + 55] = bytes[block * size + 55] & 0x0f | 0x20 }
        }
        let digest = dequantized(bytes, type, blocks * type.blockElements).reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
            ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3
        }
        #expect(digest == expected)
    }

    @Test(
        "floats become the reference's blocks", .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)),
        arguments: ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q8_0", "MXFP4", "TQ1_0"])
    func floatsBecomeTheReferenceSBlocks(name: String) throws {
        let type = try #require(ElementType.allCases.first { $0.name == name })
        let values = try Golden.floats("quant/\(name).quantize_in.f32")
        let bytes = try #require(Kernels.quantize(values, type: type))
        #expect(bytes == (try Golden.bytes("quant/\(name).quantize_out.bin")))
        #expect(
            equalBits(dequantized(bytes, type, values.count), try Golden.floats("quant/\(name).quantize_roundtrip.f32"))
        )
    }

    @Test("every half becomes the float that Swift makes of it")
    func everyHalfBecomesTheFloatThat() throws {
        let halves = (0...UInt16.max).filter { !Float16(bitPattern: $0).isNaN }
        let bytes = halves.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] },
            expected = halves.map { Float(Float16(bitPattern: $0)) }
        for set in Kernels.supportedInstructionSets {
            let floats = try Kernels.using(instructionSet: set) { dequantized(bytes, .f16, halves.count) }
            #expect(equalBits(floats, expected), "\(set)")
        }
    }

    @Test("floats round to the nearest half, ties to even")
    func floatsRoundToTheNearestHalf() throws {
        var generator = SeededGenerator(seed: 1)
        var values: [Float] = [
            0, -0.0, 65504, 65519.99, 65520, -65536, 1e-8, 0x1p-25, 0x1.8p-25, 0x1p-24, 1e-5, 1 + 0x1p-11,
            1 + 0x1.8p-10,
        ]
        for exponent in -30...17 {
            values += (0..<64).map { _ in
                Float.random(in: -1...1, using: &generator) * Float(sign: .plus, exponent: exponent, significand: 1)
            }
        }
        let bytes = try #require(Kernels.quantize(values, type: .f16))
        let expected = values.flatMap { value in withUnsafeBytes(of: Float16(value).bitPattern) { Array($0) } }
        #expect(bytes == expected, "\(generator)")
    }
}
