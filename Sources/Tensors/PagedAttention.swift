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

    /// The segments in which positions `first..<positions` lie.
    package static func segments(first: Int, positions: Int) -> Range<Int> {
        first / segmentPositions..<segments(positions: positions)
    }

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

        /// A query `[keySize]` that attends positions `first..<positions`, and the place of its result: `[valueSize]`, or
        /// `partialCount(valueSize:)` floats over one segment.
        ///
        /// - Parameter sink: a score of its own, neither scaled nor capped, that takes weight away from the positions and has no value
        ///   (Xiao et al., "Efficient Streaming Language Models with Attention Sinks"; learned, as gpt-oss has it).
        /// - Precondition: `first` < `positions`.
        package init(
            query: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, positions: Int, first: Int = 0,
            sink: Float? = nil
        ) {
            precondition(first >= 0 && first < positions, "a query of positions \(first)..<\(positions)")
            raw = shoal_query(
                query: query, output: output, positions: positions, first: first, sink: sink ?? 0,
                has_sink: sink != nil)
        }

        /// Whether the query attends a position of the segment.
        package func attends(segment: Int) -> Bool {
            raw.first < (segment + 1) * segmentPositions && raw.positions > segment * segmentPositions
        }
    }

    /// Attends all `queries`; every result depends on its own query and positions only.
    ///
    /// - Parameter segment: the one to attend, in which each query has a position; nil means all.
    /// - Parameter softCap: scores become cap * tanh(score / cap).
    /// - Parameter pages: enough for the most positions of a query; those wholly before the first of each may be nil.
    /// - Parameter scratch: `scratchCount(keySize:valueSize:)` floats.
    package static func attend(
        queries: UnsafeBufferPointer<Query>, segment: Int? = nil, layer: KeyValueLayout.Layer, head: Int,
        scale: Float, softCap: Float? = nil, pages: UnsafePointer<UnsafeRawPointer?>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        guard let base = queries.baseAddress else { return }
        precondition(softCap.map { $0 > 0 } ?? true, "a soft cap of \(softCap ?? 0)")
        if let segment {
            for query in queries { precondition(query.attends(segment: segment), "a query without segment \(segment)") }
        }
        let offset = layer.keyOffset(head: head)
        var cache = shoal_attention(
            pages: pages, key_offset: offset, value_offset: offset + layer.keyBytes, key_size: layer.keySize,
            value_size: layer.valueSize, scale: scale, soft_cap: softCap ?? 0, kind: layer.element.number)
        base.withMemoryRebound(to: shoal_query.self, capacity: queries.count) {
            if let segment {
                shoal_attend_segment(&cache, $0, queries.count, segment, scratch)
            } else {
                shoal_attend(&cache, $0, queries.count, scratch)
            }
        }
    }

    /// Merges one query's results over `segments` into its `output` `[valueSize]`: the bits that attending all of them at once gives.
    ///
    /// - Parameter partials: the results over segments, `stride` floats apart, from segment 0 on (of which those before the first of
    ///   `segments` are not touched); that of the first is overwritten.
    /// - Parameter segments: all that the query has a position in, as `segments(first:positions:)` says.
    package static func merge(
        _ partials: UnsafeMutablePointer<Float>, segments: Range<Int>, stride: Int, valueSize: Int, sink: Float? = nil,
        into output: UnsafeMutablePointer<Float>
    ) {
        precondition(!segments.isEmpty, "no segments")
        var query = shoal_query(
            query: nil, output: output, positions: segments.upperBound * segmentPositions,
            first: segments.lowerBound * segmentPositions, sink: sink ?? 0, has_sink: sink != nil)
        shoal_attend_merge(&query, partials + segments.lowerBound * stride, stride, valueSize)
    }

    /// Merges one query's results over segments `0..<segments`.
    package static func merge(
        _ partials: UnsafeMutablePointer<Float>, segments: Int, stride: Int, valueSize: Int,
        into output: UnsafeMutablePointer<Float>
    ) {
        merge(partials, segments: 0..<segments, stride: stride, valueSize: valueSize, into: output)
    }
}
