import Tensors

/// Memory for a batch in latent attention. What has a row for each head and row is ordered by heads.
///
/// Thread safety: none, but for rows that each belong to one thread.
final class LatentScratch {
    /// `[rows, queryRank]`
    let lowQueries: UnsafeMutablePointer<Float>
    let lowRows: Activations
    /// `[rows, heads * querySize]`
    let queries: UnsafeMutablePointer<Float>
    /// `[heads, rows, plainSize]`
    let plainQueries: Activations
    /// `[heads, rows, latentSize]`
    let latentQueries: UnsafeMutablePointer<Float>
    /// What attention gives `[rows, heads * latentSize]`.
    let attended: Activations
    /// The same by heads `[heads, rows, latentSize]`.
    let heads: Activations
    /// `[heads, rows, valueSize]`
    let values: UnsafeMutablePointer<Float>
    var products: [GroupedProduct] = []
    private let buffers: [AlignedBuffer]

    init(_ shape: LatentShape, rows: Int) throws(TensorError) {
        var buffers: [AlignedBuffer] = []
        func floats(_ count: Int) throws(TensorError) -> UnsafeMutablePointer<Float> {
            let buffer = try AlignedBuffer(floats: count)
            buffers.append(buffer)
            return buffer.floats
        }
        let all = rows * shape.heads
        lowQueries = try floats(rows * (shape.queryRank ?? 0))
        lowRows = try Activations(rows: rows, columns: shape.queryRank ?? 0)
        queries = try floats(rows * shape.queryWidth)
        plainQueries = try Activations(rows: all, columns: shape.plainSize)
        latentQueries = try floats(all * shape.latentSize)
        attended = try Activations(rows: rows, columns: shape.heads * shape.latentSize)
        heads = try Activations(rows: all, columns: shape.latentSize)
        values = try floats(all * shape.valueSize)
        products.reserveCapacity(shape.heads)
        self.buffers = buffers
    }

    static func byteCount(_ shape: LatentShape, rows: Int) -> Int {
        let all = rows * shape.heads, rank = shape.queryRank ?? 0
        return 4 * (rows * (rank + shape.queryWidth) + all * (shape.latentSize + shape.valueSize))
            + Activations.byteCount(rows: rows, columns: rank)
            + Activations.byteCount(rows: all, columns: shape.plainSize)
            + Activations.byteCount(rows: rows, columns: shape.heads * shape.latentSize)
            + Activations.byteCount(rows: all, columns: shape.latentSize)
    }
}
