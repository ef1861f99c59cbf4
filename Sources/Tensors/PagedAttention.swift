import CKernels

/// Attention over pages (Vaswani et al., "Attention Is All You Need"; grouped heads: Ainslie et al., "GQA"; in segments with a running
/// maximum: Milakov and Gimelshein, "Online normalizer calculation for softmax").
///
/// Thread safety: functions of their arguments only.
package enum PagedAttention {
    /// Positions of a segment, the unit in which one query's attention may be spread over threads.
    package static var segmentPositions: Int { SHOAL_SEGMENT_POSITIONS }

    /// Segments of so many positions.
    package static func segments(positions: Int) -> Int { (positions + segmentPositions - 1) / segmentPositions }

    /// Writes the key and value of one head at one position into its page.
    ///
    /// - Precondition: `slot` < 64, `head` within the layer.
    package static func store(
        key: UnsafePointer<Float>, value: UnsafePointer<Float>, layer: KeyValueLayout.Layer, head: Int, slot: Int,
        page: UnsafeMutableRawPointer
    ) {
        precondition(slot < KeyValueLayout.positions && head < layer.heads, "slot \(slot), head \(head)")
        let keys = page + layer.keyOffset(head: head)
        shoal_cache_store(
            layer.element.number, key, value, layer.keySize, layer.valueSize, slot, keys, keys + layer.keyBytes)
    }

    /// Floats of scratch for attending, however many positions there are.
    package static func scratchCount(keySize: Int, valueSize: Int) -> Int { shoal_attend_scratch(keySize, valueSize) }

    /// Floats of one query's result over one segment, before it is merged with those of the others.
    package static func partialCount(valueSize: Int) -> Int { shoal_partial_floats(valueSize) }

    /// Queries of heads that share a key-value head.
    package struct Query {
        fileprivate var raw: shoal_query

        /// A query `[keySize]` that attends positions `0..<positions`, and the place of its result: `[valueSize]`, or
        /// `partialCount(valueSize:)` floats over one segment.
        ///
        /// - Precondition: `positions` > 0.
        package init(query: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, positions: Int) {
            precondition(positions > 0, "a query attends at least itself")
            raw = shoal_query(query: query, output: output, positions: positions)
        }
    }

    /// Attends all `queries`; every result depends on its own query and positions only.
    ///
    /// - Parameter segment: the one to attend, in which each query has a position; nil means all.
    /// - Parameter pages: enough for the most positions of a query.
    /// - Parameter scratch: `scratchCount(keySize:valueSize:)` floats.
    package static func attend(
        queries: UnsafeBufferPointer<Query>, segment: Int? = nil, layer: KeyValueLayout.Layer, head: Int,
        scale: Float, softCap: Float? = nil, pages: UnsafePointer<UnsafeRawPointer?>, scratch: UnsafeMutablePointer<Float>
    ) {
        guard let base = queries.baseAddress else { return }
        let offset = layer.keyOffset(head: head)
        var cache = shoal_attention(
            pages: pages, key_offset: offset, value_offset: offset + layer.keyBytes, key_size: layer.keySize,
            value_size: layer.valueSize, scale: scale, kind: layer.element.number)
        base.withMemoryRebound(to: shoal_query.self, capacity: queries.count) {
            if let segment {
                shoal_attend_segment(&cache, $0, queries.count, segment, scratch)
            } else {
                shoal_attend(&cache, $0, queries.count, scratch)
            }
        }
    }

    /// Merges one query's results over segments `0..<segments`, `stride` floats apart, into its `output` `[valueSize]`: the bits that
    /// attending all of them at once gives. The first is overwritten.
    package static func merge(
        _ partials: UnsafeMutablePointer<Float>, segments: Int, stride: Int, valueSize: Int,
        into output: UnsafeMutablePointer<Float>
    ) {
        shoal_attend_merge(partials, segments, stride, valueSize, output)
    }
}
