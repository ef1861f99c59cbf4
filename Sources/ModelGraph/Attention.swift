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
        let keyValueHeads = configuration.keyValueHeads, group = configuration.heads / keyValueHeads
        // 1 / sqrt(keySize): division and square root are correctly rounded everywhere.
        let scale = 1 / Float(configuration.keySize).squareRoot()
        pool.run(chunks: batch.tiles.count * keyValueHeads) { chunk, thread in
            let tile = batch.tiles[chunk / keyValueHeads], head = chunk % keyValueHeads
            let piece = batch.pieces[tile.piece]
            withUnsafeTemporaryAllocation(of: PagedAttention.Query.self, capacity: tile.count * group) { queries in
                for offset in 0..<tile.count {
                    let row = piece.firstRow + tile.offset + offset
                    for member in 0..<group {
                        let queryHead = head * group + member
                        queries.initializeElement(
                            at: offset * group + member,
                            to: PagedAttention.Query(
                                query: scratch.queries + row * configuration.queryWidth + queryHead
                                    * configuration.keySize,
                                output: scratch.attended.row(row) + queryHead * configuration.valueSize,
                                positions: piece.position + tile.offset + offset + 1))
                    }
                }
                PagedAttention.attend(
                    queries: UnsafeBufferPointer(queries), layout: layout, layer: layer, head: head, scale: scale,
                    pages: piece.sequence.table, scratch: scratch.scores + thread * scratch.scoresPerThread)
            }
        }
    }
}
