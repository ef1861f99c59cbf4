import CKernels
package import Formats

/// A matrix of weights `[rows, columns]` as a product takes it.
///
/// In the `packed` form the weights lie in panels of 16 rows in a buffer of their own (Sources/CKernels/ARITHMETIC.md); in the `raw`
/// form they stay blocks, mapped from their file, and are dequantized row by row in every product.
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
        case packed(AlignedBuffer, panelBytes: Int)
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
    /// - Throws: `TensorError` for an unsupported type, a shape that does not fit the type or the bytes, or no memory.
    package init(
        name: String, bytes: MappedBytes, type: ElementType, rows: Int, columns: Int, form: Form, pool: ThreadPool
    ) throws(TensorError) {
        guard let format = shoal_format_of(type.rawValue)?.pointee else {
            throw .unsupportedType(tensor: name, type: type)
        }
        guard rows > 0, columns > 0, columns.isMultiple(of: Int(format.block_elements)) else {
            throw .columnsNotWholeBlocks(tensor: name, type: type, columns: columns)
        }
        let (elements, overflow) = rows.multipliedReportingOverflow(by: columns)
        guard !overflow, let expected = type.byteCount(elements: elements), expected == bytes.count else {
            throw .wrongSize(
                tensor: name, expected: overflow ? .max : type.byteCount(elements: elements) ?? 0, found: bytes.count)
        }
        self.rows = rows
        self.columns = columns
        self.type = type
        guard form == .packed, format.panel_bytes > 0 else {
            takesInt8 = false
            storage = .raw(bytes)
            return
        }
        takesInt8 = format.activation == Int32(SHOAL_ACTIVATION_INT8.rawValue)
        let panelBytes = shoal_panel_bytes(type.rawValue, columns)
        let panels = (rows + Self.panelRows - 1) / Self.panelRows
        let buffer = try AlignedBuffer(byteCount: panels * panelBytes)
        let base = Address(raw: buffer.base)
        bytes.withUnsafeBytes { raw in
            let from = Address(raw: UnsafeMutableRawPointer(mutating: raw.baseAddress!))
            pool.run(chunks: panels) { panel, _ in
                shoal_pack(type.rawValue, from.raw, rows, columns, panel, panel + 1, base.raw + panel * panelBytes)
            }
        }
        bytes.discardResidentPages()
        storage = .packed(buffer, panelBytes: panelBytes)
    }

    static var panelRows: Int { SHOAL_PANEL_ROWS }

    /// Bytes of memory that the weights take: the packed buffer, or the mapped blocks.
    package var byteCount: Int {
        switch storage {
        case .packed(let buffer, _): buffer.bytes.count
        case .raw(let bytes): bytes.count
        }
    }

    /// Groups of 32 rows: what one chunk of work may be made of.
    var rowGroups: Int { (rows + 31) / 32 }

    /// Computes output rows of groups `groups` for all tokens: `output[token * rows + row]`.
    func multiply(
        groups: Range<Int>, input: Activations, tokens: Int, output: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        switch storage {
        case .packed(let buffer, _):
            let first = groups.lowerBound * 2,
                last = min(groups.upperBound * 2, (rows + Self.panelRows - 1) / Self.panelRows)
            let activations = takesInt8 ? UnsafeRawPointer(input.quantized) : UnsafeRawPointer(input.floats)
            shoal_multiply_packed(
                type.rawValue, buffer.base, rows, columns, first, last, activations, tokens, output, rows)
        case .raw(let bytes):
            bytes.withUnsafeBytes { raw in
                shoal_multiply_raw(
                    type.rawValue, raw.baseAddress, columns, groups.lowerBound * 32, min(groups.upperBound * 32, rows),
                    input.floats, tokens, output, rows, scratch)
            }
        }
    }
}

/// An address that crosses to the threads of a pool, which the caller waits for.
struct Address: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer
}
