import CKernels

/// Rows of float activations `[rows, columns]` and, once a product needs them, their int8 form.
///
/// Thread safety: rows may be prepared by several threads, each row by one; products read only.
package final class Activations: @unchecked Sendable {
    /// Rows that there is room for.
    package let capacity: Int
    /// Elements of a row.
    package let columns: Int
    /// The values, row-major.
    package let floats: UnsafeMutablePointer<Float>
    let quantized: UnsafeMutablePointer<shoal_activation_block>
    private let floatBuffer: AlignedBuffer
    private let quantizedBuffer: AlignedBuffer

    /// Makes room for `rows` rows of `columns` floats.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    package init(rows: Int, columns: Int) throws(TensorError) {
        capacity = rows
        self.columns = columns
        floatBuffer = try AlignedBuffer(floats: rows * columns)
        quantizedBuffer = try AlignedBuffer(
            byteCount: rows * (columns / 32) * MemoryLayout<shoal_activation_block>.stride)
        floats = floatBuffer.floats
        quantized = quantizedBuffer.base.assumingMemoryBound(to: shoal_activation_block.self)
    }

    /// Rows of fewer columns in another's memory: one of them is in use at a time.
    ///
    /// - Precondition: `columns` is at most the other's.
    package init(sharing other: Activations, columns: Int) {
        precondition(columns <= other.columns, "\(columns) columns in the place of \(other.columns)")
        capacity = other.capacity
        self.columns = columns
        floats = other.floats
        quantized = other.quantized
        floatBuffer = other.floatBuffer
        quantizedBuffer = other.quantizedBuffer
    }

    /// Bytes of memory that `rows` rows take.
    package static func byteCount(rows: Int, columns: Int) -> Int {
        rows * (columns * MemoryLayout<Float>.stride + columns / 32 * MemoryLayout<shoal_activation_block>.stride)
    }

    /// The first value of a row.
    package func row(_ index: Int) -> UnsafeMutablePointer<Float> { floats + index * columns }

    /// Copies a row of other activations: its floats and, where `quantized`, its int8 form.
    ///
    /// - Precondition: both have the same columns.
    package func copyRow(from other: Activations, row: Int, to index: Int, quantized: Bool) {
        precondition(other.columns == columns, "\(other.columns) columns, \(columns) here")
        precondition(
            row >= 0 && row < other.capacity && index >= 0 && index < capacity,
            "row \(row) of \(other.capacity) to \(index) of \(capacity)")
        self.row(index).update(from: other.row(row), count: columns)
        guard quantized else { return }
        let blocks = columns / 32
        (self.quantized + index * blocks).update(from: other.quantized + row * blocks, count: blocks)
    }

    /// Makes the int8 form of a row of its floats.
    ///
    /// - Precondition: `columns` is a multiple of 32.
    package func quantizeRow(_ index: Int) {
        precondition(columns.isMultiple(of: 32) && index < capacity, "row \(index) of \(capacity), \(columns) columns")
        shoal_quantize_activations(row(index), columns, quantized + index * (columns / 32))
    }
}
