import CKernels

/// How one page of a key-value cache is laid out: 64 positions of all layers and heads of a stage. For each layer and head the keys
/// `[headSize, 64]`, then the values `[64, valueSize]`.
package struct KeyValueLayout: Sendable, Hashable {
    /// Positions of a page.
    package static var positions: Int { SHOAL_PAGE_POSITIONS }

    /// The element type of a cache.
    package enum Element: Sendable, Hashable {
        /// IEEE half precision.
        case float16
        /// Single precision, for the exact mode.
        case float32

        /// Bytes of an element.
        package var bytes: Int { self == .float16 ? 2 : 4 }
        var number: Int32 { Int32(self == .float16 ? SHOAL_CACHE_F16.rawValue : SHOAL_CACHE_F32.rawValue) }
    }

    /// Layers of the stage.
    package let layers: Int
    /// Key-value heads of a layer.
    package let heads: Int
    /// Elements of a head's key.
    package let keySize: Int
    /// Elements of a head's value.
    package let valueSize: Int
    /// The type of the elements.
    package let element: Element

    /// Names a layout.
    package init(layers: Int, heads: Int, keySize: Int, valueSize: Int, element: Element) {
        self.layers = layers
        self.heads = heads
        self.keySize = keySize
        self.valueSize = valueSize
        self.element = element
    }

    var keyBytes: Int { keySize * Self.positions * element.bytes }
    var headBytes: Int { (keySize + valueSize) * Self.positions * element.bytes }

    /// Bytes of one page.
    package var pageBytes: Int { layers * heads * headBytes }

    /// Where the keys of a layer's head begin in a page, in bytes; its values follow.
    func keyOffset(layer: Int, head: Int) -> Int { (layer * heads + head) * headBytes }
}

/// One page of a cache. Pages are shared by sequences with equal beginnings and copied before they are written then.
package final class KeyValuePage {
    let buffer: AlignedBuffer

    /// Makes a page; memory that is never written is not resident.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    package init(layout: KeyValueLayout) throws(TensorError) {
        buffer = try AlignedBuffer(byteCount: layout.pageBytes)
    }

    /// Makes a copy.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    package init(copying page: KeyValuePage) throws(TensorError) {
        buffer = try AlignedBuffer(byteCount: page.buffer.bytes.count)
        buffer.bytes.copyMemory(from: UnsafeRawBufferPointer(page.buffer.bytes))
    }

    /// The page's memory.
    package var base: UnsafeMutableRawPointer { buffer.base }
}

/// Attention over pages (Vaswani et al., "Attention Is All You Need"; grouped heads: Ainslie et al., "GQA").
///
/// Thread safety: functions of their arguments only.
package enum PagedAttention {
    /// Writes the key and value of one head at one position into its page.
    ///
    /// - Precondition: `slot` < 64, `layer` and `head` within the layout.
    package static func store(
        key: UnsafePointer<Float>, value: UnsafePointer<Float>, layout: KeyValueLayout, layer: Int, head: Int,
        slot: Int,
        page: UnsafeMutableRawPointer
    ) {
        precondition(
            slot < KeyValueLayout.positions && layer < layout.layers && head < layout.heads,
            "slot \(slot), layer \(layer)")
        let keys = page + layout.keyOffset(layer: layer, head: head)
        shoal_cache_store(
            layout.element.number, key, value, layout.keySize, layout.valueSize, slot, keys, keys + layout.keyBytes)
    }

    /// Floats of scratch for attending up to `positions` positions.
    package static func scratchCount(positions: Int) -> Int {
        (positions + KeyValueLayout.positions - 1) / KeyValueLayout.positions * KeyValueLayout.positions
            * SHOAL_QUERY_TILE
    }

    /// Queries of heads that share a key-value head.
    package struct Query {
        fileprivate var raw: shoal_query

        /// A query `[keySize]` that attends positions `0..<positions` and its result `[valueSize]`.
        ///
        /// - Precondition: `positions` > 0.
        package init(query: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, positions: Int) {
            precondition(positions > 0, "a query attends at least itself")
            raw = shoal_query(query: query, output: output, positions: positions)
        }
    }

    /// Attends all `queries`; every result depends on its own query and positions only.
    ///
    /// - Parameter pages: enough for the most positions of a query.
    /// - Parameter scratch: `scratchCount(positions:)` floats.
    package static func attend(
        queries: UnsafeBufferPointer<Query>, layout: KeyValueLayout, layer: Int, head: Int, scale: Float,
        pages: UnsafePointer<UnsafeRawPointer?>, scratch: UnsafeMutablePointer<Float>
    ) {
        guard let base = queries.baseAddress else { return }
        let offset = layout.keyOffset(layer: layer, head: head)
        var cache = shoal_attention(
            pages: pages, key_offset: offset, value_offset: offset + layout.keyBytes, key_size: layout.keySize,
            value_size: layout.valueSize, scale: scale, kind: layout.element.number)
        base.withMemoryRebound(to: shoal_query.self, capacity: queries.count) {
            shoal_attend(&cache, $0, queries.count, scratch)
        }
    }
}
