import Formats
import Tensors
import TestSupport

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

/// Types with a packed product.
let packedTypes: [ElementType] = [.f32, .f16, .bf16, .q4_0, .q4_1, .q8_0]

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
