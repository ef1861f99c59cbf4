/// The type of a tensor's elements, as GGUF files number them.
///
/// The raw value is the `ggml_type` id of the ggml project (`ggml.h`). Every id that can occur in a file is
/// listed, so that a file can be inspected even when no kernel computes with one of its types.
// swift-format-ignore: AlwaysUseLowerCamelCase
package enum ElementType: UInt32, Sendable, CaseIterable, Hashable, CustomStringConvertible {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q8_1 = 9
    case q2_K = 10
    case q3_K = 11
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14
    case q8_K = 15
    case iq2_xxs = 16
    case iq2_xs = 17
    case iq3_xxs = 18
    case iq1_s = 19
    case iq4_nl = 20
    case iq3_s = 21
    case iq2_s = 22
    case iq4_xs = 23
    case i8 = 24
    case i16 = 25
    case i32 = 26
    case i64 = 27
    case f64 = 28
    case iq1_m = 29
    case bf16 = 30
    case tq1_0 = 34
    case tq2_0 = 35
    case mxfp4 = 39

    /// The name users know from file names, such as "Q4_0".
    package var name: String { layout.name }

    /// How many elements share one block; 1 for plain types.
    package var blockElements: Int { layout.blockElements }

    /// The size of one block in bytes.
    package var blockBytes: Int { layout.blockBytes }

    package var description: String { name }

    /// The size in bytes of `elements` elements, or nil when that is negative, not whole blocks, or overflows.
    package func byteCount(elements: Int) -> Int? {
        let layout = layout
        guard elements >= 0, elements % layout.blockElements == 0 else { return nil }
        let (bytes, overflow) = (elements / layout.blockElements).multipliedReportingOverflow(by: layout.blockBytes)
        return overflow ? nil : bytes
    }

    /// Name, elements per block and bytes per block; the sizes are those of the block structs in ggml's
    /// `ggml-common.h`.
    private var layout: (name: String, blockElements: Int, blockBytes: Int) {
        switch self {
        case .f32: ("F32", 1, 4)
        case .f16: ("F16", 1, 2)
        case .q4_0: ("Q4_0", 32, 2 + 16)
        case .q4_1: ("Q4_1", 32, 4 + 16)
        case .q5_0: ("Q5_0", 32, 2 + 4 + 16)
        case .q5_1: ("Q5_1", 32, 4 + 4 + 16)
        case .q8_0: ("Q8_0", 32, 2 + 32)
        case .q8_1: ("Q8_1", 32, 4 + 32)
        case .q2_K: ("Q2_K", 256, 84)
        case .q3_K: ("Q3_K", 256, 110)
        case .q4_K: ("Q4_K", 256, 144)
        case .q5_K: ("Q5_K", 256, 176)
        case .q6_K: ("Q6_K", 256, 210)
        case .q8_K: ("Q8_K", 256, 292)
        case .iq2_xxs: ("IQ2_XXS", 256, 66)
        case .iq2_xs: ("IQ2_XS", 256, 74)
        case .iq3_xxs: ("IQ3_XXS", 256, 98)
        case .iq1_s: ("IQ1_S", 256, 50)
        case .iq4_nl: ("IQ4_NL", 32, 2 + 16)
        case .iq3_s: ("IQ3_S", 256, 110)
        case .iq2_s: ("IQ2_S", 256, 82)
        case .iq4_xs: ("IQ4_XS", 256, 136)
        case .i8: ("I8", 1, 1)
        case .i16: ("I16", 1, 2)
        case .i32: ("I32", 1, 4)
        case .i64: ("I64", 1, 8)
        case .f64: ("F64", 1, 8)
        case .iq1_m: ("IQ1_M", 256, 56)
        case .bf16: ("BF16", 1, 2)
        case .tq1_0: ("TQ1_0", 256, 54)
        case .tq2_0: ("TQ2_0", 256, 66)
        case .mxfp4: ("MXFP4", 32, 1 + 16)
        }
    }
}
