import CKernels

/// How one page of a key-value cache is laid out: 64 positions of all layers and heads of a stage. For each layer and head the keys
/// `[keySize, 64]`, then the values `[64, valueSize]`; those of q8_0 as `ckernels.h` says.
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
    ///
    /// - Precondition: the sizes are multiples of `element.block`.
    package init(layers: Int, heads: Int, keySize: Int, valueSize: Int, element: Element) {
        precondition(
            keySize.isMultiple(of: element.block) && valueSize.isMultiple(of: element.block),
            "heads of \(keySize) and \(valueSize) in a cache of \(element)")
        self.layers = layers
        self.heads = heads
        self.keySize = keySize
        self.valueSize = valueSize
        self.element = element
    }

    var keyBytes: Int { shoal_cache_bytes(element.number, keySize) }
    var headBytes: Int { keyBytes + shoal_cache_bytes(element.number, valueSize) }

    /// Bytes of one page.
    package var pageBytes: Int { layers * layerBytes }

    /// Bytes of one layer's part of a page, which lies in one piece; those of the layers follow each other.
    package var layerBytes: Int { heads * headBytes }

    /// Where the keys of a layer's head begin in a page, in bytes; its values follow.
    func keyOffset(layer: Int, head: Int) -> Int { (layer * heads + head) * headBytes }
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
        precondition(
            layers.lowerBound >= 0 && layers.upperBound <= layout.layers, "layers \(layers) of \(layout.layers)")
        return UnsafeMutableRawBufferPointer(
            rebasing: buffer.bytes[layers.lowerBound * layout.layerBytes..<layers.upperBound * layout.layerBytes])
    }
}
