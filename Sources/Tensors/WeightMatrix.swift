import CKernels
package import Formats

/// A matrix of weights `[rows, columns]` as a product takes it.
///
/// In the `packed` form the weights lie in panels of 16 rows (Sources/CKernels/ARITHMETIC.md), in memory of their own or mapped from a
/// `PackedFile`; in the `raw` form they stay blocks, mapped from their file, and are dequantized row by row in every product.
///
/// Thread safety: immutable after `init`.
package final class WeightMatrix: Sendable {
    /// The form to load a matrix in.
    package enum Form: Sendable, Hashable {
        /// Packed for int8 or float activations where the type has a packed form, else raw.
        case packed
        /// Raw, for the exact mode.
        case raw
    }

    private enum Storage: Sendable {
        case packed(AlignedBuffer, offset: Int, count: Int)
        case mapped(MappedBytes)
        case raw(MappedBytes)
    }

    /// Output elements.
    package let rows: Int
    /// Input elements.
    package let columns: Int
    /// The type in the file.
    package let type: ElementType
    /// Whether the product takes activations quantized to int8.
    package let takesInt8: Bool
    private let storage: Storage

    /// Types that matrices may have.
    package static var supportedTypes: [ElementType] { ElementType.allCases.filter(Kernels.canDequantize) }

    /// Loads a matrix of row-major blocks. Packing is spread over the pool; the file's pages are dropped afterwards.
    ///
    /// - Throws: `TensorError` for an unsupported type, a shape that does not fit the type or the bytes, bytes that are damaged, or no memory.
    package convenience init(
        name: String, bytes: MappedBytes, type: ElementType, rows: Int, columns: Int, form: Form, pool: ThreadPool
    ) throws(TensorError) {
        let shape = try PanelShape(name: name, type: type, rows: rows, columns: columns, rawBytes: bytes.count)
        guard form == .packed, shape.packs else {
            self.init(shape, takesInt8: false, .raw(bytes))
            return
        }
        let buffer = try AlignedBuffer(byteCount: shape.packedBytes)
        shape.pack(bytes, 0..<shape.panels, into: buffer.base, pool: pool)
        do {
            try bytes.check()
        } catch {
            throw .damagedFile(error.description)
        }
        bytes.discardResidentPages()
        self.init(shape, takesInt8: Self.takesInt8(type), .packed(buffer, offset: 0, count: shape.packedBytes))
    }

    /// Takes a part of a buffer as panels, whatever it holds: to measure with.
    ///
    /// - Precondition: the part has as many bytes as the shape takes packed; `offset` is a multiple of 64.
    convenience init(shape: PanelShape, buffer: AlignedBuffer, offset: Int) {
        precondition(
            shape.packs && offset >= 0 && offset.isMultiple(of: 64)
                && shape.packedBytes <= buffer.bytes.count - offset, "\(shape) at \(offset) of \(buffer.bytes.count)")
        self.init(
            shape, takesInt8: Self.takesInt8(shape.type), .packed(buffer, offset: offset, count: shape.packedBytes))
    }

    /// Takes panels that were packed before.
    ///
    /// - Precondition: they are as many bytes as the shape takes packed.
    package convenience init(shape: PanelShape, panels: MappedBytes) {
        precondition(shape.packs && panels.count == shape.packedBytes, "\(shape), \(panels.count) bytes")
        self.init(shape, takesInt8: Self.takesInt8(shape.type), .mapped(panels))
    }

    private init(_ shape: PanelShape, takesInt8: Bool, _ storage: Storage) {
        rows = shape.rows
        columns = shape.columns
        type = shape.type
        self.takesInt8 = takesInt8
        self.storage = storage
    }

    private static func takesInt8(_ type: ElementType) -> Bool {
        shoal_format_of(type.rawValue)!.pointee.activation == Int32(SHOAL_ACTIVATION_INT8.rawValue)
    }

    static var panelRows: Int { SHOAL_PANEL_ROWS }

    /// Bytes of memory that the weights take: the panels, or the mapped blocks.
    package var byteCount: Int {
        switch storage {
        case .packed(_, _, let count): count
        case .mapped(let bytes), .raw(let bytes): bytes.count
        }
    }

    /// Bytes of them that are mapped from a file: the system can take their pages back, and counts them as available.
    package var mappedByteCount: Int {
        if case .packed = storage { 0 } else { byteCount }
    }

    /// The weights' part of a file.
    package var mappedBytes: MappedBytes? {
        switch storage {
        case .packed: nil
        case .mapped(let bytes), .raw(let bytes): bytes
        }
    }

    /// Groups of 32 rows: what one chunk of work may be made of.
    var rowGroups: Int { (rows + 31) / 32 }

    /// Computes output rows of groups `groups` for `tokens` rows of `input`: `output[token * rows + row]`.
    func multiply(
        groups: Range<Int>, input: Activations, tokens: Range<Int>, output: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        switch storage {
        case .packed(let buffer, let offset, _):
            multiply(panels: buffer.base + offset, groups: groups, input: input, tokens: tokens, output: output)
        case .mapped(let bytes):
            bytes.withUnsafeBytes {
                multiply(panels: $0.baseAddress!, groups: groups, input: input, tokens: tokens, output: output)
            }
        case .raw(let bytes):
            bytes.withUnsafeBytes { raw in
                shoal_multiply_raw(
                    type.rawValue, raw.baseAddress, columns, groups.lowerBound * 32, min(groups.upperBound * 32, rows),
                    input.row(tokens.lowerBound), tokens.count, output + tokens.lowerBound * rows, rows, scratch)
            }
        }
    }
}

extension WeightMatrix {
    private func multiply(
        panels: UnsafeRawPointer, groups: Range<Int>, input: Activations, tokens: Range<Int>,
        output: UnsafeMutablePointer<Float>
    ) {
        let first = groups.lowerBound * 2
        let last = min(groups.upperBound * 2, (rows + Self.panelRows - 1) / Self.panelRows)
        let activations =
            takesInt8
            ? UnsafeRawPointer(input.quantized + tokens.lowerBound * (columns / 32))
            : UnsafeRawPointer(input.row(tokens.lowerBound))
        shoal_multiply_packed(
            type.rawValue, panels, rows, columns, first, last, activations, tokens.count,
            output + tokens.lowerBound * rows, rows)
    }
}

/// An address that crosses to the threads of a pool, which the caller waits for.
struct Address: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer
}
