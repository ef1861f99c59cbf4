import CKernels
package import Formats

/// What a matrix `[rows, columns]` of a type takes, checked: as blocks in its file, and packed in panels of 16 rows.
package struct PanelShape: Sendable, Hashable {
    package let type: ElementType
    /// Output elements.
    package let rows: Int
    /// Input elements.
    package let columns: Int
    /// Bytes of one panel, 0 when the type has no packed form.
    package let panelBytes: Int

    /// Checks a matrix of `rawBytes` bytes of blocks.
    ///
    /// - Throws: `TensorError` for an unsupported type, or a shape that does not fit the type or the bytes.
    package init(name: String, type: ElementType, rows: Int, columns: Int, rawBytes: Int) throws(TensorError) {
        guard let format = shoal_format_of(type.rawValue)?.pointee else {
            throw .unsupportedType(tensor: name, type: type)
        }
        guard rows > 0, columns > 0, columns.isMultiple(of: Int(format.block_elements)) else {
            throw .columnsNotWholeBlocks(tensor: name, type: type, columns: columns)
        }
        let (elements, overflow) = rows.multipliedReportingOverflow(by: columns)
        guard !overflow, let expected = type.byteCount(elements: elements), expected == rawBytes else {
            throw .wrongSize(
                tensor: name, expected: overflow ? .max : type.byteCount(elements: elements) ?? 0, found: rawBytes)
        }
        self.type = type
        self.rows = rows
        self.columns = columns
        panelBytes = format.panel_bytes > 0 ? shoal_panel_bytes(type.rawValue, columns) : 0
    }

    /// Whether the type has a packed form.
    package var packs: Bool { panelBytes > 0 }

    /// Panels of 16 rows.
    var panels: Int { (rows + SHOAL_PANEL_ROWS - 1) / SHOAL_PANEL_ROWS }

    /// Bytes of all panels.
    package var packedBytes: Int { panels * panelBytes }

    /// Packs panels `range` of a matrix's blocks; `memory` has room for them. The work is spread over the pool.
    func pack(_ blocks: MappedBytes, _ range: Range<Int>, into memory: UnsafeMutableRawPointer, pool: ThreadPool) {
        let to = Address(raw: memory)
        blocks.withUnsafeBytes { raw in
            let from = Address(raw: UnsafeMutableRawPointer(mutating: raw.baseAddress!))
            pool.run(chunks: range.count) { index, _ in
                let panel = range.lowerBound + index
                shoal_pack(type.rawValue, from.raw, rows, columns, panel, panel + 1, to.raw + index * panelBytes)
            }
        }
    }
}
