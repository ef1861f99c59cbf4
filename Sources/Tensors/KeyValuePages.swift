import CKernels

/// How one page of a key-value cache is laid out: 64 positions of all layers and heads of a stage, layer by layer. For each layer and head the
/// keys `[keySize, 64]`, then the values `[64, valueSize]`; those of q8_0 as `ckernels.h` says.
package struct KeyValueLayout: Sendable, Hashable {
    /// Positions of a page.
    package static var positions: Int { SHOAL_PAGE_POSITIONS }
    /// Pages that so many positions take.
    package static func pages(positions count: Int) -> Int { (count + positions - 1) / positions }

    /// The element type of a cache.
    package enum Element: Sendable, Hashable {
        /// IEEE half precision.
        case float16
        /// Single precision, for the exact mode.
        case float32
        /// Bytes, with a scale in half precision for every 32 of a head's key or value: 53% of `float16`.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case q8_0

        /// What head sizes are a multiple of.
        package var block: Int { self == .q8_0 ? 32 : 1 }

        var number: Int32 {
            switch self {
            case .float16: Int32(SHOAL_CACHE_F16.rawValue)
            case .float32: Int32(SHOAL_CACHE_F32.rawValue)
            case .q8_0: Int32(SHOAL_CACHE_Q8_0.rawValue)
            }
        }
    }

    /// What a layer keeps of a position.
    package struct Shape: Sendable, Hashable {
        /// Key-value heads.
        package var heads: Int
        /// Elements of a head's key.
        package var keySize: Int
        /// Elements of a head's value.
        package var valueSize: Int

        package init(heads: Int, keySize: Int, valueSize: Int) {
            self.heads = heads
            self.keySize = keySize
            self.valueSize = valueSize
        }
    }

    /// A layer's part of a page, which lies in one piece.
    package struct Layer: Sendable, Hashable {
        package let heads: Int
        package let keySize: Int
        package let valueSize: Int
        package let element: Element
        /// Where it begins in a page, in bytes.
        package let offset: Int
        let keyBytes: Int
        let headBytes: Int

        init(_ shape: Shape, element: Element, offset: Int) {
            precondition(
                shape.keySize.isMultiple(of: element.block) && shape.valueSize.isMultiple(of: element.block),
                "heads of \(shape.keySize) and \(shape.valueSize) in a cache of \(element)")
            heads = shape.heads
            keySize = shape.keySize
            valueSize = shape.valueSize
            self.element = element
            self.offset = offset
            keyBytes = shoal_cache_bytes(element.number, shape.keySize)
            headBytes = keyBytes + shoal_cache_bytes(element.number, shape.valueSize)
        }

        /// Its bytes in a page.
        package var byteCount: Int { heads * headBytes }

        /// Where the keys of a head begin in a page, in bytes; its values follow.
        func keyOffset(head: Int) -> Int { offset + head * headBytes }
    }

    /// The type of the elements.
    package let element: Element
    private let parts: [Layer]

    /// Lays out pages for the layers of a stage.
    ///
    /// - Precondition: the sizes are multiples of `element.block`.
    package init(layers: [Shape], element: Element) {
        self.element = element
        var offset = 0
        parts = layers.map { shape in
            let layer = Layer(shape, element: element, offset: offset)
            offset += layer.byteCount
            return layer
        }
        pageBytes = offset
    }

    /// Lays out pages for layers that all keep the same.
    package init(layers: Int, heads: Int, keySize: Int, valueSize: Int, element: Element) {
        self.init(
            layers: Array(repeating: Shape(heads: heads, keySize: keySize, valueSize: valueSize), count: layers),
            element: element)
    }

    /// Bytes of one page.
    package let pageBytes: Int

    /// Layers of the stage.
    package var layers: Int { parts.count }

    /// A layer's part of a page, counted from the stage's first.
    package subscript(layer index: Int) -> Layer { parts[index] }

    /// The bytes of the largest layer's part.
    package var largestLayerBytes: Int { parts.reduce(0) { max($0, $1.byteCount) } }

    /// Where some layers lie in a page, in bytes.
    package func bytes(layers: Range<Int>) -> Range<Int> {
        precondition(layers.lowerBound >= 0 && layers.upperBound <= parts.count, "layers \(layers) of \(parts.count)")
        guard !layers.isEmpty else { return 0..<0 }
        let last = parts[layers.upperBound - 1]
        return parts[layers.lowerBound].offset..<last.offset + last.byteCount
    }
}

/// One page of a cache. Pages are shared by sequences with equal beginnings and copied before they are written then.
///
/// Thread safety: as `AlignedBuffer`.
package final class KeyValuePage: Sendable {
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

    /// The bytes of some layers, counted from the first of the page.
    package func bytes(layers: Range<Int>, layout: KeyValueLayout) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[layout.bytes(layers: layers)])
    }
}
