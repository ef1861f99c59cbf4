import Tensors

/// One layer's attention over the caches of a batch's sequences.
struct Attention {
    let configuration: ModelConfiguration
    let layout: KeyValueLayout
    /// The layer's place in the stage's cache.
    let layer: Int

    /// Writes the key and value of a row of `scratch` into its sequence's cache.
    func store(row: Int, of batch: StageBatch, scratch: StageScratch) {
        let keys = scratch.keys + row * configuration.keyWidth
        let values = scratch.values + row * configuration.valueWidth
        let position = batch.positions[row]
        let pages = batch.pieces[batch.pieceOfRow[row]].sequence.table
        let page = UnsafeMutableRawPointer(mutating: pages[position / KeyValueLayout.positions]!)
        for head in 0..<configuration.keyValueHeads {
            PagedAttention.store(
                key: keys + head * configuration.keySize, value: values + head * configuration.valueSize,
                layout: layout, layer: layer, head: head, slot: position % KeyValueLayout.positions, page: page)
        }
    }

    /// Turns the batch's rows of `scratch.queries` into those of `scratch.attended`. All keys and values of the batch are stored.
    func attend(_ batch: StageBatch, scratch: StageScratch, pool: ThreadPool) {
        // Eight pieces of work for each thread are even enough, also where one of them is slow.
        let fewPieces = pool.threads > 1 && batch.tiles.count * layout.heads < 8 * pool.threads
        if fewPieces, batch.segments > 1, batch.rows <= StageScratch.splitRows {
            attendSegments(batch, scratch: scratch, pool: pool)
        } else {
            // One head's tiles follow each other, so that threads find its keys and values in a cache they share.
            pool.run(chunks: batch.tiles.count * layout.heads) { chunk, thread in
                let tile = batch.tiles[chunk % batch.tiles.count]
                attend(tile, of: batch, head: chunk / batch.tiles.count, scratch: scratch, thread: thread)
            }
        }
    }

    /// Few rows: threads share the segments of every head, and merge their results.
    private func attendSegments(_ batch: StageBatch, scratch: StageScratch, pool: ThreadPool) {
        let items = batch.tiles.count * batch.segments
        pool.run(chunks: items * layout.heads) { chunk, thread in
            let tile = batch.tiles[chunk % items / batch.segments]
            attend(
                tile, of: batch, head: chunk / items, segment: chunk % items % batch.segments, scratch: scratch,
                thread: thread)
        }
        let group = configuration.heads / layout.heads
        pool.run(chunks: batch.rows * layout.heads) { chunk, _ in
            let row = chunk / layout.heads
            for head in chunk % layout.heads * group..<(chunk % layout.heads + 1) * group {
                PagedAttention.merge(
                    partial(row: row, head: head, segment: 0, scratch),
                    segments: PagedAttention.segments(positions: batch.positions[row] + 1),
                    stride: scratch.partialStride, valueSize: layout.valueSize,
                    into: scratch.attended.row(row) + head * layout.valueSize)
            }
        }
    }

    private func partial(row: Int, head: Int, segment: Int, _ scratch: StageScratch) -> UnsafeMutablePointer<Float> {
        let place = (row * configuration.heads + head) * scratch.segments + segment
        return scratch.partials + place * scratch.partialStride
    }

    /// Attends a tile's rows with the queries of one key-value head: into `scratch.attended`, or one segment into `scratch.partials`.
    private func attend(
        _ tile: StageBatch.Tile, of batch: StageBatch, head: Int, segment: Int? = nil, scratch: StageScratch,
        thread: Int
    ) {
        let piece = batch.pieces[tile.piece], group = configuration.heads / layout.heads
        let queries = scratch.tileQueries + thread * scratch.queriesPerTile
        var count = 0
        for offset in tile.offset..<tile.offset + tile.count {
            let row = piece.firstRow + offset, positions = piece.position + offset + 1
            if let segment, positions <= segment * PagedAttention.segmentPositions { continue }
            for queryHead in head * group..<(head + 1) * group {
                let output =
                    if let segment {
                        partial(row: row, head: queryHead, segment: segment, scratch)
                    } else {
                        scratch.attended.row(row) + queryHead * layout.valueSize
                    }
                queries[count] = PagedAttention.Query(
                    query: scratch.queries + row * configuration.queryWidth + queryHead * layout.keySize,
                    output: output, positions: positions)
                count += 1
            }
        }
        PagedAttention.attend(
            queries: UnsafeBufferPointer(start: queries, count: count), segment: segment, layout: layout,
            layer: layer, head: head,
            // 1 / sqrt(keySize): division and square root are correctly rounded everywhere.
            scale: 1 / Float(layout.keySize).squareRoot(), pages: piece.sequence.table,
            scratch: scratch.attention + thread * scratch.attentionPerThread)
    }
}
