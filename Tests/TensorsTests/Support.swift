import Formats
import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Whether two arrays hold the same bits.
func equalBits(_ left: [Float], _ right: [Float]) -> Bool {
    left.count == right.count && memcmp(left, right, left.count * 4) == 0
}

func randomFloats(_ count: Int, in range: ClosedRange<Float> = -2...2, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &generator) }
}

/// Instruction sets other than the reference.
let wideInstructionSets = Kernels.supportedInstructionSets.filter { $0 != "scalar" }

/// What scalar C makes of it, expected of all other instruction sets too.
func onAllSets(_ body: () throws -> [Float]) throws -> [Float] {
    let expected = try Kernels.using(instructionSet: "scalar", body)
    for set in wideInstructionSets {
        let found = try Kernels.using(instructionSet: set, body)
        #expect(equalBits(found, expected), "\(set)")
    }
    return expected
}

/// Types with a packed product of int8 activations.
let integerTypes: [ElementType] = [
    .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_nl, .iq4_xs, .mxfp4,
]

/// Types with a packed product.
let packedTypes: [ElementType] = [.f32, .f16, .bf16] + integerTypes

/// Types that are dequantized row by row.
let rawTypes: [ElementType] = [
    .tq1_0, .tq2_0, .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s,
]

/// Where a block keeps its half-precision numbers: its scale and, of some types, its minimum (ggml-common.h).
func halfOffsets(_ type: ElementType) -> [Int] {
    switch type {
    case .f32, .bf16, .mxfp4, .iq1_m: []
    case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
    case .q2_K: [80, 82]
    case .q3_K: [108]
    case .q6_K: [208]
    case .tq1_0: [52]
    case .tq2_0: [64]
    default: [0]
    }
}

/// Random blocks whose scales are finite and moderate.
func randomBlocks(_ type: ElementType, elements: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    if let blocks = Kernels.quantize(randomFloats(elements, &generator), type: type) { return blocks }
    var bytes = (0..<type.byteCount(elements: elements)!).map { _ in UInt8.random(in: 0...255, using: &generator) }
    for block in stride(from: 0, to: bytes.count, by: type.blockBytes) {
        for offset in halfOffsets(type) {
            let bits = Float16(Float.random(in: 0.001...0.01, using: &generator)).bitPattern
            (bytes[block + offset], bytes[block + offset + 1]) = (UInt8(bits & 255), UInt8(bits >> 8))
        }
        if type == .mxfp4 { bytes[block] = UInt8.random(in: 120...126, using: &generator) }
        // The upper bits of the scale, which is spread over four words: they keep it below 1/64.
        if type == .iq1_m { bytes[block + 55] = bytes[block + 55] & 0x0f | 0x20 }
    }
    return bytes
}

/// The floats of blocks.
func dequantized(_ bytes: [UInt8], _ type: ElementType, _ count: Int) -> [Float] {
    var floats = [Float](repeating: .nan, count: count)
    floats.withUnsafeMutableBufferPointer { output in
        bytes.withUnsafeBytes { Kernels.dequantize(type: type, bytes: $0, into: output) }
    }
    return floats
}

/// The products of a matrix, made by quantizing `weights`, with rows of `input`: `[tokens, rows]`.
func product(
    weights: [Float], type: ElementType, rows: Int, columns: Int, form: WeightMatrix.Form, input: [Float], threads: Int
) throws -> [Float] {
    let bytes = Kernels.quantize(weights, type: type)!
    return try product(
        bytes: bytes, type: type, rows: rows, columns: columns, form: form, input: input, threads: threads)
}

func product(
    bytes: [UInt8], type: ElementType, rows: Int, columns: Int, form: WeightMatrix.Form, input: [Float], threads: Int
) throws -> [Float] {
    let pool = ThreadPool(threads: threads), tokens = input.count / columns
    let matrix = try WeightMatrix(
        name: "test", bytes: MappedBytes(copying: bytes), type: type, rows: rows, columns: columns, form: form,
        pool: pool)
    let activations = try Activations(rows: tokens, columns: columns)
    for (index, value) in input.enumerated() { activations.floats[index] = value }
    if matrix.takesInt8 { for row in 0..<tokens { activations.quantizeRow(row) } }
    let scratch = try RowScratch(threads: threads, columns: columns)
    var output = [Float](repeating: .nan, count: tokens * rows)
    output.withUnsafeMutableBufferPointer {
        pool.multiply(
            MatrixProduct(matrix, output: $0.baseAddress!), input: activations, tokens: tokens, scratch: scratch)
    }
    return output
}
