import Tensors

/// All memory that a step needs besides weights and cache, allocated once. Batches are cut to `rows`.
///
/// Layers of different shapes use the same memory one after the other; what they need of their own kind (`experts`, `latent`) is made when the
/// first of them is loaded.
final class StageScratch {
    /// Rows computed at a time. What a row becomes does not depend on it.
    static let rows = 256

    /// Rows up to which the segments of a sequence are spread over threads.
    static let splitRows = 8

    let capacity: Int
    /// The residual stream `[rows, width]`.
    let stream: UnsafeMutablePointer<Float>
    /// What layers get of each token beside the stream `[rows, elements before the stage's first layer]`.
    let sides: UnsafeMutablePointer<Float>
    /// Normed rows `[rows, width]`.
    let normed: Activations
    /// `[rows, heads * keySize]`
    let queries: UnsafeMutablePointer<Float>
    /// `[rows, keyValueHeads * keySize]`
    let keys: UnsafeMutablePointer<Float>
    /// `[rows, keyValueHeads * valueSize]`
    let values: UnsafeMutablePointer<Float>
    /// Products that go back into the stream `[rows, width]`.
    let projected: UnsafeMutablePointer<Float>
    /// `[rows, network width]`
    let gates: UnsafeMutablePointer<Float>
    /// `[rows, network width]`
    let ups: UnsafeMutablePointer<Float>
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
    /// Cosines and sines of all ropes `[rows, anglesPerRow]`.
    private let angles: UnsafeMutablePointer<Float>
    private let anglesPerRow: Int
    /// Attention's results, and gated rows, as wide as the widest layer has them.
    private let widestAttended: Activations
    private let widestGated: Activations
    private let width: Int
    private var expertScratch: [ExpertsShape: ExpertScratch] = [:]
    private var latentScratch: [LatentShape: LatentScratch] = [:]
    private var beside: AlignedBuffer?
    private let buffers: [AlignedBuffer]

    init(_ configuration: ModelConfiguration, rows: Int, context: Int, threads: Int) throws(ModelError) {
        let sizes = ScratchSizes(configuration)
        capacity = rows
        width = configuration.width
        attentionPerThread = PagedAttention.scratchCount(keySize: sizes.keySize, valueSize: sizes.valueSize)
        partialStride = PagedAttention.partialCount(valueSize: sizes.valueSize)
        segments = PagedAttention.segments(positions: context)
        queriesPerTile = StageBatch.tileRows * sizes.group
        anglesPerRow = sizes.angles
        var buffers: [AlignedBuffer] = []
        func floats(_ count: Int) throws(TensorError) -> UnsafeMutablePointer<Float> {
            let buffer = try AlignedBuffer(floats: count)
            buffers.append(buffer)
            return buffer.floats
        }
        do {
            stream = try floats(rows * width)
            sides = try floats(rows * sizes.sides)
            normed = try Activations(rows: rows, columns: width)
            queries = try floats(rows * sizes.queries)
            keys = try floats(rows * sizes.keys)
            values = try floats(rows * sizes.values)
            widestAttended = try Activations(rows: rows, columns: sizes.attended)
            projected = try floats(rows * width)
            gates = try floats(rows * sizes.network)
            ups = try floats(rows * sizes.network)
            widestGated = try Activations(rows: rows, columns: sizes.network)
            angles = try floats(rows * sizes.angles)
            attention = try floats(threads * attentionPerThread)
            let queryBytes = threads * queriesPerTile * MemoryLayout<PagedAttention.Query>.stride
            let queryBuffer = try AlignedBuffer(byteCount: queryBytes)
            buffers.append(queryBuffer)
            tileQueries = queryBuffer.base.bindMemory(
                to: PagedAttention.Query.self, capacity: threads * queriesPerTile)
            partials = try floats(sizes.partials(context: context, threads: threads))
            rowScratch = try RowScratch(threads: threads, columns: sizes.widest)
        } catch {
            throw ModelError(error)
        }
        self.buffers = buffers
    }

    /// The angles of a row, of all ropes.
    func angles(row: Int) -> UnsafeMutablePointer<Float> { angles + row * anglesPerRow }

    /// Room for attention's results of a layer `[rows, columns]`.
    func attended(columns: Int) -> Activations { Activations(sharing: widestAttended, columns: columns) }

    /// Room for gated rows of a layer `[rows, columns]`.
    func gated(columns: Int) -> Activations { Activations(sharing: widestGated, columns: columns) }

    func experts(_ shape: ExpertsShape) throws(ModelError) -> ExpertScratch {
        if let present = expertScratch[shape] { return present }
        do throws(TensorError) {
            let made = try ExpertScratch(shape, width: width, rows: capacity)
            expertScratch[shape] = made
            return made
        } catch {
            throw ModelError(error)
        }
    }

    /// Room for results of networks beside experts `[rows, width]`.
    func besideExperts() throws(ModelError) -> UnsafeMutablePointer<Float> {
        if let beside { return beside.floats }
        do throws(TensorError) {
            let made = try AlignedBuffer(floats: capacity * width)
            beside = made
            return made.floats
        } catch {
            throw ModelError(error)
        }
    }

    func latent(_ shape: LatentShape) throws(ModelError) -> LatentScratch {
        if let present = latentScratch[shape] { return present }
        do throws(TensorError) {
            let made = try LatentScratch(shape, rows: capacity)
            latentScratch[shape] = made
            return made
        } catch {
            throw ModelError(error)
        }
    }

    /// Bytes of all of it, whichever layers of the model a stage has.
    static func byteCount(_ configuration: ModelConfiguration, rows: Int, context: Int, threads: Int) -> Int {
        let sizes = ScratchSizes(configuration), width = configuration.width
        // The embedding has as much once more beside it.
        let perRow =
            2 * width + 2 * sizes.sides + sizes.queries + sizes.keys + sizes.values + 2 * sizes.network + sizes.angles
        let perThread =
            PagedAttention.scratchCount(keySize: sizes.keySize, valueSize: sizes.valueSize) + (sizes.widest + 15) / 16
            * 16
        let queries = threads * StageBatch.tileRows * sizes.group * MemoryLayout<PagedAttention.Query>.stride
        let floats =
            rows * (perRow + (sizes.hasBeside ? width : 0)) + sizes.partials(context: context, threads: threads)
            + threads * perThread
        return 4 * floats + queries + Activations.byteCount(rows: rows, columns: width)
            + Activations.byteCount(rows: rows, columns: sizes.attended)
            + Activations.byteCount(rows: rows, columns: sizes.network)
            + sizes.experts.reduce(0) { $0 + ExpertScratch.byteCount($1, width: width, rows: rows) }
            + sizes.latents.reduce(0) { $0 + LatentScratch.byteCount($1, rows: rows) }
    }
}

/// The most that any layer of a model needs of each kind of scratch.
private struct ScratchSizes {
    var queries = 0
    var keys = 0
    var values = 0
    var attended = 0
    var network = 0
    /// Elements of a cached key and value of one head.
    var keySize = 0
    var valueSize = 0
    /// Query heads, and those that share a key-value head.
    var heads = 0
    var group = 1
    let sides: Int
    var widest: Int
    let angles: Int
    var experts: Set<ExpertsShape> = []
    /// Whether a layer has a network beside experts.
    var hasBeside = false
    var latents: Set<LatentShape> = []

    init(_ configuration: ModelConfiguration) {
        widest = configuration.width
        sides = configuration.sideWidth(before: 0)
        angles = configuration.ropes.reduce(0) { $0 + $1.dimensions }
        for shape in configuration.layerShapes {
            switch shape.mixer {
            case .attention(let attention):
                add(
                    heads: attention.heads, keyValueHeads: attention.keyValueHeads, cache: shape.mixer.cache,
                    attended: attention.attendedWidth)
            case .latent(let latent):
                add(heads: latent.heads, keyValueHeads: 1, cache: shape.mixer.cache, attended: latent.attendedWidth)
                widest = max(widest, latent.queryRank ?? 0, latent.latentSize, latent.plainSize)
                latents.insert(latent)
            }
            let dense: Int
            switch shape.network {
            case .dense(let shape), .denseBesideExperts(let shape, _, _): dense = shape.width
            case .experts(let experts): dense = experts.shared?.width ?? 0
            }
            network = max(network, dense)
            if let experts = shape.network.experts {
                widest = max(widest, experts.width)
                self.experts.insert(experts)
            }
            if case .denseBesideExperts = shape.network { hasBeside = true }
        }
        network = max(network, configuration.tokenInput?.width ?? 0)
        widest = max(widest, network)
    }

    private mutating func add(heads: Int, keyValueHeads: Int, cache: CacheShape, attended: Int) {
        self.heads = max(self.heads, heads)
        group = max(group, heads / keyValueHeads)
        queries = max(queries, heads * cache.keySize)
        keys = max(keys, keyValueHeads * cache.keySize)
        values = max(values, keyValueHeads * cache.valueSize)
        self.attended = max(self.attended, attended)
        keySize = max(keySize, cache.keySize)
        valueSize = max(valueSize, cache.valueSize)
        widest = max(widest, attended)
    }

    /// Floats for the partial results of a few rows. One thread goes through all segments itself, and merges as it goes.
    func partials(context: Int, threads: Int) -> Int {
        guard threads > 1 else { return 0 }
        return StageScratch.splitRows * heads * PagedAttention.segments(positions: context)
            * PagedAttention.partialCount(valueSize: valueSize)
    }
}
