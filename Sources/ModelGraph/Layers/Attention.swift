import Tensors

/// One layer's attention over the caches of a batch's sequences: from `scratch.queries` to `attended`. All keys and values of the batch are
/// stored.
struct Attention {
    /// Query heads.
    let heads: Int
    let cache: KeyValueLayout.Layer
    let scale: Float
    let scoreCap: Float?
    /// Positions that a row sees, its own among them; nil is all.
    let window: Int?
    /// A score of each query head that goes to no position.
    let sinks: UnsafeMutablePointer<Float>?
    let attended: Activations

    /// Query heads that share keys and values.
    private var group: Int { heads / cache.heads }
    private var queryWidth: Int { heads * cache.keySize }

    func attend(_ batch: StageBatch, _ run: LayerRun) {
        let scratch = run.scratch, pool = run.pool
        // Eight pieces of work for each thread are even enough, also where one of them is slow.
        let fewPieces = pool.threads > 1 && batch.tiles.count * cache.heads < 8 * pool.threads
        if fewPieces, batch.segments > 1, batch.rows <= StageScratch.splitRows {
            attendSegments(batch, scratch: scratch, pool: pool)
        } else {
            // One head's tiles follow each other, so that threads find its keys and values in a cache they share.
            pool.run(chunks: batch.tiles.count * cache.heads) { chunk, thread in
                let tile = batch.tiles[chunk % batch.tiles.count]
                attend(tile, of: batch, head: chunk / batch.tiles.count, scratch: scratch, thread: thread)
            }
        }
    }

    /// The first position that a row sees.
    private func first(position: Int) -> Int { window.map { max(0, position + 1 - $0) } ?? 0 }

    /// Few rows: threads share the segments of every head, and merge their results.
    private func attendSegments(_ batch: StageBatch, scratch: StageScratch, pool: ThreadPool) {
        let items = batch.tiles.count * batch.segments
        pool.run(chunks: items * cache.heads) { chunk, thread in
            let tile = batch.tiles[chunk % items / batch.segments]
            attend(
                tile, of: batch, head: chunk / items, segment: chunk % items % batch.segments, scratch: scratch,
                thread: thread)
        }
        pool.run(chunks: batch.rows * cache.heads) { chunk, _ in
            let row = chunk / cache.heads, position = batch.positions[row]
            let firstSegment = first(position: position) / PagedAttention.segmentPositions
            for head in chunk % cache.heads * group..<(chunk % cache.heads + 1) * group {
                PagedAttention.merge(
                    partial(row: row, head: head, segment: 0, scratch),
                    segments: firstSegment..<PagedAttention.segments(positions: position + 1),
                    stride: scratch.partialStride, valueSize: cache.valueSize, sink: sinks?[head],
                    into: attended.row(row) + head * cache.valueSize)
            }
        }
    }

    private func partial(row: Int, head: Int, segment: Int, _ scratch: StageScratch) -> UnsafeMutablePointer<Float> {
        let place = (row * heads + head) * scratch.segments + segment
        return scratch.partials + place * scratch.partialStride
    }

    /// Attends a tile's rows with the queries of one key-value head: into `attended`, or one segment into `scratch.partials`.
    private func attend(
        _ tile: StageBatch.Tile, of batch: StageBatch, head: Int, segment: Int? = nil, scratch: StageScratch,
        thread: Int
    ) {
        let piece = batch.pieces[tile.piece]
        let queries = scratch.tileQueries + thread * scratch.queriesPerTile
        var count = 0
        for offset in tile.offset..<tile.offset + tile.count {
            let row = piece.firstRow + offset, positions = piece.position + offset + 1
            let first = first(position: positions - 1)
            if let segment {
                let begin = segment * PagedAttention.segmentPositions
                if positions <= begin || first >= begin + PagedAttention.segmentPositions { continue }
            }
            for queryHead in head * group..<(head + 1) * group {
                let output =
                    if let segment {
                        partial(row: row, head: queryHead, segment: segment, scratch)
                    } else {
                        attended.row(row) + queryHead * cache.valueSize
                    }
                queries[count] = PagedAttention.Query(
                    query: scratch.queries + row * queryWidth + queryHead * cache.keySize, output: output,
                    positions: positions, first: first, sink: segment == nil ? sinks?[queryHead] : nil)
                count += 1
            }
        }
        PagedAttention.attend(
            queries: UnsafeBufferPointer(start: queries, count: count), segment: segment, layer: cache, head: head,
            scale: scale, softCap: scoreCap, pages: batch.table(of: piece),
            scratch: scratch.attention + thread * scratch.attentionPerThread)
    }
}
