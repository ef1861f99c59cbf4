import GGUF
import Testing

@Suite struct QuantizationMixTests {
    @Test(
        "the number of a file's mix of types has a name",
        arguments: [
            (0, "F32"), (1, "F16"), (2, "Q4_0"), (7, "Q8_0"), (15, "Q4_K_M"), (32, "BF16"), (38, "MXFP4_MOE"),
            (4, nil), (-1, nil), (9999, nil),
        ] as [(Int, String?)])
    func names(number: Int, name: String?) {
        #expect(QuantizationMix(number: number).name == name)
    }

    @Test("one that was guessed has the same name")
    func guessed() throws {
        let key = "general.file_type"
        let mix = try #require(QuantizationMix(metadata: GGUFMetadata(entries: [(key, .uint32(1024 + 15))])))
        #expect(mix.name == "Q4_K_M" && mix.isGuessed && !QuantizationMix(number: 15).isGuessed)
        #expect(try QuantizationMix(metadata: GGUFMetadata(entries: [])) == nil)
        #expect(try QuantizationMix(metadata: GGUFMetadata(entries: [(key, .string("Q4_K_M"))])) == nil)
    }
}
