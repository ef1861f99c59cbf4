/// How a file was quantized as a whole (`general.file_type`): the mix of types that people call it by. Numbers and names: llama.cpp's
/// `llama_ftype` (`include/llama.h`).
package struct QuantizationMix: Sendable, Hashable {
    /// The number in the file.
    package let number: Int

    package init(number: Int) { self.number = number }

    /// Reads the key; nil where the file has none, or not as an integer.
    package init?(metadata: GGUFMetadata) {
        guard let number = metadata["general.file_type"]?.integer else { return nil }
        self.number = number
    }

    /// Whether who wrote the file guessed it from the tensors (`LLAMA_FTYPE_GUESSED`).
    package var isGuessed: Bool { number & 1024 != 0 }

    /// Such as "Q4_K_M"; nil for a number that is not known.
    package var name: String? { Self.names[number & ~1024] }

    private static let names: [Int: String] = [
        0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
        12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
        20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
        28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
    ]
}
