import Tensors

/// All memory that a step needs besides weights and cache, allocated once. Batches are cut to `rows`.
final class StageScratch {
    /// Rows computed at a time. What a row becomes does not depend on it.
    static let rows = 256

    /// Rows up to which the segments of a sequence are spread over threads.
    static let splitRows = 8

    let capacity: Int
    /// The residual stream `[rows, width]`.
    let stream: UnsafeMutablePointer<Float>
    /// Normed rows `[rows, width]`.
    let normed: Activations
    /// `[rows, heads * keySize]`
    let queries: UnsafeMutablePointer<Float>
    /// `[rows, keyValueHeads * keySize]`
    let keys: UnsafeMutablePointer<Float>
    /// `[rows, keyValueHeads * valueSize]`
    let values: UnsafeMutablePointer<Float>
    /// Attention's results `[rows, heads * valueSize]`.
    let attended: Activations
    /// Products that go back into the stream `[rows, width]`.
    let projected: UnsafeMutablePointer<Float>
    /// `[rows, feedForwardWidth]`
    let gates: UnsafeMutablePointer<Float>
    /// `[rows, feedForwardWidth]`
    let ups: UnsafeMutablePointer<Float>
    /// Gated rows `[rows, feedForwardWidth]`.
    let gated: Activations
    /// Cosines and sines `[rows, ropeDimensions]`.
    let angles: UnsafeMutablePointer<Float>
    /// What attention needs for each thread.
    let attention: UnsafeMutablePointer<Float>
    let attentionPerThread: Int
    /// The queries of a tile of each thread.
    let tileQueries: UnsafeMutablePointer<PagedAttention.Query>
    let queriesPerTile: Int
    /// Attention's results of a few rows over each segment `[splitRows, heads, segments, partialStride]`.
    let partials: UnsafeMutablePointer<Float>
    let partialStride: Int
    let segments: Int
    let rowScratch: RowScratch
    private let buffers: [AlignedBuffer]

    init(_ configuration: ModelConfiguration, rows: Int, context: Int, threads: Int) throws(ModelError) {
        capacity = rows
        attentionPerThread = PagedAttention.scratchCount(
            keySize: configuration.keySize, valueSize: configuration.valueSize)
        partialStride = PagedAttention.partialCount(valueSize: configuration.valueSize)
        segments = PagedAttention.segments(positions: context)
        queriesPerTile = StageBatch.tileRows * configuration.heads / configuration.keyValueHeads
        var buffers: [AlignedBuffer] = []
        func floats(_ count: Int) throws(TensorError) -> UnsafeMutablePointer<Float> {
            let buffer = try AlignedBuffer(floats: count)
            buffers.append(buffer)
            return buffer.floats
        }
        do {
            stream = try floats(rows * configuration.width)
            normed = try Activations(rows: rows, columns: configuration.width)
            queries = try floats(rows * configuration.queryWidth)
            keys = try floats(rows * configuration.keyWidth)
            values = try floats(rows * configuration.valueWidth)
            attended = try Activations(rows: rows, columns: configuration.attentionWidth)
            projected = try floats(rows * configuration.width)
            gates = try floats(rows * configuration.feedForwardWidth)
            ups = try floats(rows * configuration.feedForwardWidth)
            gated = try Activations(rows: rows, columns: configuration.feedForwardWidth)
            angles = try floats(rows * configuration.ropeDimensions)
            attention = try floats(threads * attentionPerThread)
            let queryBytes = threads * queriesPerTile * MemoryLayout<PagedAttention.Query>.stride
            let queryBuffer = try AlignedBuffer(byteCount: queryBytes)
            buffers.append(queryBuffer)
            tileQueries = queryBuffer.base.bindMemory(
                to: PagedAttention.Query.self, capacity: threads * queriesPerTile)
            partials = try floats(Self.partialCount(configuration, context: context, threads: threads))
            rowScratch = try RowScratch(threads: threads, columns: Self.widest(configuration))
        } catch {
            throw ModelError(error)
        }
        self.buffers = buffers
    }

    private static func widest(_ configuration: ModelConfiguration) -> Int {
        max(configuration.width, configuration.attentionWidth, configuration.feedForwardWidth)
    }

    /// One thread goes through all segments itself, and merges as it goes.
    private static func partialCount(_ configuration: ModelConfiguration, context: Int, threads: Int) -> Int {
        guard threads > 1 else { return 0 }
        return splitRows * configuration.heads * PagedAttention.segments(positions: context)
            * PagedAttention.partialCount(valueSize: configuration.valueSize)
    }

    static func byteCount(_ configuration: ModelConfiguration, rows: Int, context: Int, threads: Int) -> Int {
        let perRow =
            2 * configuration.width + configuration.queryWidth + configuration.keyWidth + configuration.valueWidth
            + 2 * configuration.feedForwardWidth + configuration.ropeDimensions
        return 4 * rows * perRow + Activations.byteCount(rows: rows, columns: configuration.width)
            + Activations.byteCount(rows: rows, columns: configuration.attentionWidth)
            + Activations.byteCount(rows: rows, columns: configuration.feedForwardWidth)
            + 4 * partialCount(configuration, context: context, threads: threads)
            + threads * StageBatch.tileRows * configuration.heads / configuration.keyValueHeads
            * MemoryLayout<PagedAttention.Query>.stride
            + 4 * threads
            * (PagedAttention.scratchCount(keySize: configuration.keySize, valueSize: configuration.valueSize)
                + widest(configuration))
    }
}
