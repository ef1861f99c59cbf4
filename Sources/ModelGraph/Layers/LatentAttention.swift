import ModelParts
import GGUF
import Formats
import Tensors

/// Latent attention of a layer (DeepSeek-V2, section 2.1), in the absorbed form: the matrix that makes a head's keys of the latent row is
/// applied to the head's query instead, and the one that makes its values to what attention gives. So the cache holds one latent row and one
/// rotated key for all heads.
struct LatentAttention {
    private let shape: LatentShape
    /// From the stream to the row that queries are made from, and its norm; nil where that is the stream.
    private let queryDown: WeightMatrix?
    private let queryNorm: Norm?
    private let query: WeightMatrix
    /// From the stream to the latent row and the rotated key.
    private let latent: WeightMatrix
    private let latentNorm: Norm
    /// Of each head `[latentSize, plainSize]`.
    private let keys: [WeightMatrix]
    /// Of each head `[valueSize, latentSize]`.
    private let values: [WeightMatrix]
    private let output: WeightMatrix
    private let rope: LayerRope?
    private let scratch: LatentScratch
    private let attended: Activations
    /// Added to the result by who adds that to the stream.
    let outputBias: AlignedBuffer?

    static func list(_ shape: LatentShape, width: Int, in list: inout TensorList) {
        if let rank = shape.queryRank {
            list.matrix(Names.queryDown, rows: rank, columns: width)
            list.norm(Names.queryDownNorm, shape.norm, rank)
            list.matrix(Names.queryUp, rows: shape.queryWidth, columns: rank)
        } else {
            list.matrix(Names.query, rows: shape.queryWidth, columns: width)
        }
        list.matrix(Names.latentDown, rows: shape.keySize, columns: width)
        list.norm(Names.latentNorm, shape.norm, shape.latentSize)
        if list.contains("\(Names.latentKeyUp).weight") {
            list.stack(Names.latentKeyUp, count: shape.heads, rows: shape.latentSize, columns: shape.plainSize)
            list.stack(Names.latentValueUp, count: shape.heads, rows: shape.valueSize, columns: shape.latentSize)
        } else {
            // Its keys are turned when they are loaded: they become no matrices as they are.
            list.joinedHeads(Names.latentUp, shape)
        }
        list.matrix(Names.attentionOutput, rows: width, columns: shape.attendedWidth)
    }

    init<Source>(_ shape: LatentShape, _ loading: LayerLoading<Source>) throws(ModelError) {
        let loader = loading.loader, width = loading.configuration.width
        self.shape = shape
        if let rank = shape.queryRank {
            queryDown = try loader.matrix(Names.queryDown, rows: rank, columns: width)
            queryNorm = try Norm(Names.queryDownNorm, shape.norm, count: rank, loader: loader)
            query = try loader.matrix(Names.queryUp, rows: shape.queryWidth, columns: rank)
        } else {
            (queryDown, queryNorm) = (nil, nil)
            query = try loader.matrix(Names.query, rows: shape.queryWidth, columns: width)
        }
        latent = try loader.matrix(Names.latentDown, rows: shape.keySize, columns: width)
        latentNorm = try Norm(Names.latentNorm, shape.norm, count: shape.latentSize, loader: loader)
        if loader.contains("\(Names.latentKeyUp).weight") {
            keys = try loader.stack(
                Names.latentKeyUp, count: shape.heads, rows: shape.latentSize, columns: shape.plainSize)
            values = try loader.stack(
                Names.latentValueUp, count: shape.heads, rows: shape.valueSize, columns: shape.latentSize)
        } else {
            keys = try loader.turnedKeys(Names.latentUp, shape)
            let rows = shape.plainSize + shape.valueSize
            values = try loader.matrices(
                "\(Names.latentUp).weight", of: [shape.latentSize, shape.heads * rows],
                runs: (0..<shape.heads).map { $0 * rows + shape.plainSize..<($0 + 1) * rows })
        }
        output = try loader.matrix(Names.attentionOutput, rows: width, columns: shape.attendedWidth)
        outputBias = try loader.optionalVector("\(Names.attentionOutput).bias", width)
        rope = loading.ropes[shape.rope]
        scratch = try loading.scratch.latent(shape)
        attended = loading.scratch.attended(columns: shape.attendedWidth)
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        (keys + values + [query, latent, output] + (queryDown.map { [$0] } ?? [])).reduce(0) { $0 + $1.byteCount }
            + latentNorm.byteCount + (queryNorm?.byteCount ?? 0) + outputBias.byteCount
    }

    /// Whether its products take normed rows in int8.
    var takesInt8: Bool { (queryDown ?? query).takesInt8 || latent.takesInt8 }

    /// From `scratch.normed` to `scratch.projected`. The latent rows of the batch go into the caches of their sequences.
    func forward(_ batch: StageBatch, cache: KeyValueLayout.Layer, _ run: LayerRun) {
        let rows = batch.rows, pool = run.pool, all = run.scratch
        run.times.measure(.queryKeyValue) {
            let latents = MatrixProduct(latent, output: all.keys)
            if let queryDown, let queryNorm {
                pool.multiply(
                    MatrixProduct(queryDown, output: scratch.lowQueries), latents, input: all.normed, tokens: rows,
                    scratch: all.rowScratch)
                pool.forEachRow(rows) { row in
                    let place = scratch.lowRows.row(row)
                    queryNorm.apply(scratch.lowQueries + row * scratch.lowRows.columns, into: place)
                    if query.takesInt8 { scratch.lowRows.quantizeRow(row) }
                }
                pool.multiply(
                    MatrixProduct(query, output: scratch.queries), input: scratch.lowRows, tokens: rows,
                    scratch: all.rowScratch)
            } else {
                pool.multiply(
                    MatrixProduct(query, output: scratch.queries), latents, input: all.normed, tokens: rows,
                    scratch: all.rowScratch)
            }
        }
        run.times.measure(.cache) { pool.forEachRow(rows) { finish(row: $0, of: batch, cache: cache, all) } }
        run.times.measure(.queryKeyValue) {
            multiply(keys, input: scratch.plainQueries, output: scratch.latentQueries, rows: rows, run)
            pool.forEachRow(rows) { joinQueries(row: $0, rows: rows, all) }
        }
        run.times.measure(.attention) {
            Attention(
                heads: shape.heads, cache: cache, scale: shape.scale, scoreCap: nil, window: nil, sinks: nil,
                attended: scratch.attended
            ).attend(batch, run)
            pool.forEachRow(rows) { splitHeads(row: $0, rows: rows) }
        }
        run.times.measure(.attentionOutput) {
            multiply(values, input: scratch.heads, output: scratch.values, rows: rows, run)
            pool.forEachRow(rows) { row in
                for head in 0..<shape.heads {
                    (attended.row(row) + head * shape.valueSize).update(
                        from: scratch.values + (head * rows + row) * shape.valueSize, count: shape.valueSize)
                }
                if output.takesInt8 { attended.quantizeRow(row) }
            }
            pool.multiply(
                MatrixProduct(output, output: all.projected), input: attended, tokens: rows, scratch: all.rowScratch)
        }
    }

    /// Every head's matrix by its rows, which lie behind each other: `[heads, rows]`.
    private func multiply(
        _ matrices: [WeightMatrix], input: Activations, output: UnsafeMutablePointer<Float>, rows: Int, _ run: LayerRun
    ) {
        scratch.products.removeAll(keepingCapacity: true)
        for (head, matrix) in matrices.enumerated() {
            scratch.products.append(
                GroupedProduct(matrix: matrix, rows: head * rows..<(head + 1) * rows, output: output))
        }
        run.pool.multiply(scratch.products, input: input, scratch: run.scratch.rowScratch)
    }

    /// Norms and stores a row's latent row with its rotated key; rotates the queries, and sets their other parts apart by heads.
    private func finish(row: Int, of batch: StageBatch, cache: KeyValueLayout.Layer, _ all: StageScratch) {
        let latents = all.keys + row * shape.keySize, queries = scratch.queries + row * shape.queryWidth
        latentNorm.apply(latents, into: latents)
        if let rope {
            let angles = all.angles(row: row) + rope.offset
            rope.rope.rotate(latents + shape.latentSize, heads: 1, headSize: shape.rotatedSize, angles: angles)
            for head in 0..<shape.heads {
                rope.rope.rotate(
                    queries + head * shape.querySize + shape.plainSize, heads: 1, headSize: shape.rotatedSize,
                    angles: angles)
            }
        }
        PagedAttention.store(
            key: latents, value: latents, layer: cache, head: 0,
            slot: batch.positions[row] % KeyValueLayout.positions, page: batch.page(row: row))
        for head in 0..<shape.heads {
            let place = head * batch.rows + row
            scratch.plainQueries.row(place).update(from: queries + head * shape.querySize, count: shape.plainSize)
            if keys[0].takesInt8 { scratch.plainQueries.quantizeRow(place) }
        }
    }

    /// The queries as they meet cached keys: `[heads, latentSize + rotatedSize]`.
    private func joinQueries(row: Int, rows: Int, _ all: StageScratch) {
        for head in 0..<shape.heads {
            let query = all.queries + (row * shape.heads + head) * shape.keySize
            query.update(
                from: scratch.latentQueries + (head * rows + row) * shape.latentSize, count: shape.latentSize)
            (query + shape.latentSize).update(
                from: scratch.queries + row * shape.queryWidth + head * shape.querySize + shape.plainSize,
                count: shape.rotatedSize)
        }
    }

    private func splitHeads(row: Int, rows: Int) {
        for head in 0..<shape.heads {
            let place = head * rows + row
            scratch.heads.row(place).update(
                from: scratch.attended.row(row) + head * shape.latentSize, count: shape.latentSize)
            if values[0].takesInt8 { scratch.heads.quantizeRow(place) }
        }
    }
}

extension TensorList {
    /// The keys and values of all heads in one tensor, of which the values become matrices as they are.
    fileprivate mutating func joinedHeads(_ name: String, _ shape: LatentShape) {
        let rows = shape.plainSize + shape.valueSize
        add(
            TensorNeed(
                name: prefix + name + ".weight", dimensions: [shape.latentSize, shape.heads * rows],
                matrices: (0..<shape.heads).map { $0 * rows + shape.plainSize..<($0 + 1) * rows }))
    }
}

extension TensorLoader {
    /// The keys of each head of a joined tensor, rows for columns, in floats: blocks of numbers cannot be turned.
    fileprivate func turnedKeys(_ name: String, _ shape: LatentShape) throws(ModelError) -> [WeightMatrix] {
        let rows = shape.plainSize + shape.valueSize
        let all = try values(name + ".weight", [shape.latentSize, shape.heads * rows])
        var keys: [WeightMatrix] = []
        for head in 0..<shape.heads {
            let from = all.floats + head * rows * shape.latentSize
            let turned = [Float](unsafeUninitializedCapacity: shape.plainSize * shape.latentSize) { to, count in
                for row in 0..<shape.latentSize {
                    for column in 0..<shape.plainSize {
                        to[row * shape.plainSize + column] = from[column * shape.latentSize + row]
                    }
                }
                count = shape.plainSize * shape.latentSize
            }
            do throws(TensorError) {
                keys.append(
                    try WeightMatrix(
                        name: "\(name)[\(head)]", bytes: MappedBytes(copying: turned.withUnsafeBytes { Array($0) }),
                        type: .f32, rows: shape.latentSize, columns: shape.plainSize,
                        form: compute == .int8 ? .packed : .raw, pool: pool))
            } catch {
                throw ModelError(error)
            }
        }
        return keys
    }
}
