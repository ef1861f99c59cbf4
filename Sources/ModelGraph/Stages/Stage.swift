package import ModelParts
import GGUF
import Formats
package import Tensors

/// A part of a model, loaded and ready to compute: embedding, a range of layers, head, and the caches of its sequences.
///
/// What a row becomes depends on the row and the earlier rows of its sequence only: not on the batch, how the prompt is cut, the threads,
/// the instruction set, or how the model is split into stages. All of them give equal bits.
///
/// Thread safety: none. A stage may be made on one thread and handed to another, and is used by one thread at a time; hence
/// `@unchecked Sendable`.
package final class Stage: @unchecked Sendable {
    /// The model.
    package let configuration: ModelConfiguration
    /// The part of it.
    package let range: StageRange
    /// The arithmetic.
    package let compute: ComputeMode
    /// Positions that a sequence may have.
    package let context: Int
    /// Bytes of memory that the weights take; an embedding that is only looked up counts its file's bytes.
    package let weightBytes: Int
    /// Whether experts stay in files, and are read when rows choose them.
    package let expertsOnDisk: Bool
    /// How its packed matrices were come by.
    package let packedUse: PackedUse

    /// Where the times of operations are kept, for who wants to know them.
    package var times: OperationTimes?

    /// The files that it reads weights from, a part of each.
    let mappings: [MappedBytes]
    /// `MappedBytes.damages` when they were found whole.
    var damagesSeen: UInt64
    let pool: ThreadPool
    let embedding: Embedding?
    let layers: [Layer]
    let head: Head?
    /// The rotary embeddings of its layers.
    let ropes: [LayerRope]
    let scratch: StageScratch
    var cache: KeyValueCache
    var batch = StageBatch()
    var lengths: [(sequence: UInt32, length: Int)] = []

    /// Loads a part of a model. `progress` gets bytes done and bytes in all.
    ///
    /// - Parameters:
    ///   - context: positions that a sequence may have, at least 1.
    ///   - loadingPool: what packs weights; nil is `pool`, which then must not compute meanwhile.
    ///   - packed: where packed weights are kept; nil packs them into memory.
    ///   - expertsOnDisk: whether experts are to stay in files, which then must have room for them.
    ///   - givesBack: whether pages that no later row sees, in layers with a window, are given back.
    /// - Throws: `ModelError` for missing, misshapen or unsupported tensors, a cache that does not go with the
    ///   model, and when memory runs out.
    package init(
        configuration: ModelConfiguration, range: StageRange, tensors: some TensorSource, compute: ComputeMode,
        keyValueType: KeyValueType = .standard, context: Int,
        pool: ThreadPool, loadingPool: ThreadPool? = nil, packed: (any PackedPlaces)? = nil,
        expertsOnDisk: Bool = false, givesBack: Bool = true, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(ModelError) {
        damagesSeen = MappedBytes.damages
        do {
            try Kernels.checkEnvironment()
        } catch {
            throw ModelError(error)
        }
        guard (0...configuration.layers).contains(range.layers.lowerBound),
            range.layers.upperBound <= configuration.layers
        else {
            throw ModelError(
                code: .invalidInput, message: "layers \(range.layers) of a model with \(configuration.layers)",
                mend: "place layers that the model has")
        }
        guard (1...1 << 24).contains(context) else {
            throw ModelError(
                code: .invalidInput, message: "a context of \(context) positions", mend: "use 1 to \(1 << 24)")
        }
        try configuration.check(keyValueType, compute: compute)
        if let cut = [range.layers.lowerBound, range.layers.upperBound].first(where: {
            !configuration.mayCut(before: $0)
        }) {
            throw ModelError(
                code: .invalidInput,
                message:
                    "layers \(range.layers) are cut before layer \(cut), which shares keys and values with layers before it",
                mend: "place layers that share keys and values together")
        }
        let total = Self.totalBytes(configuration, range, tensors)
        var done = 0
        let loader = TensorLoader(
            source: tensors, compute: compute, pool: loadingPool ?? pool, places: packed, expertsOnDisk: expertsOnDisk
        ) { bytes in
            done += bytes
            progress?(done, max(total, done))
        }
        self.configuration = configuration
        self.range = range
        self.compute = compute
        self.expertsOnDisk = expertsOnDisk
        self.context = context
        self.pool = pool
        let embeddingTensors = configuration.embeddingTensors { tensors.tensorData(named: $0) != nil }
        embedding =
            range.embedding
            ? try Embedding(configuration, rows: StageScratch.rows, loader: loader.preparing(embeddingTensors)) : nil
        scratch = try StageScratch(configuration, rows: StageScratch.rows, context: context, threads: pool.threads)
        let ropes = try configuration.rotaryEmbeddings(context: context, loader: loader)
        self.ropes = ropes.map(\.value).sorted { $0.offset < $1.offset }
        var layers: [Layer] = []
        for index in range.layers {
            let list = configuration.tensors(layer: index) { tensors.tensorData(named: $0) != nil }
            var loader = loader.preparing(list)
            loader.prefix = TensorNames.layer(index, "")
            layers.append(
                try Layer(
                    configuration.layerShapes[index],
                    LayerLoading(
                        configuration: configuration, loader: loader, scratch: scratch, ropes: ropes, layer: index,
                        firstLayer: range.layers.lowerBound)))
        }
        self.layers = layers
        let headTensors = configuration.headTensors { tensors.tensorData(named: $0) != nil }
        head = range.head ? try Head(configuration, loader: loader.preparing(headTensors)) : nil
        cache = KeyValueCache(
            layout: configuration.cacheLayout(
                range.layers, compute: compute, keyValueType: keyValueType, givesBack: givesBack),
            context: context)
        let sharesEmbedding = head?.isTied ?? false
        weightBytes =
            layers.reduce(0) { $0 + $1.byteCount } + (head?.byteCount ?? 0)
            + (sharesEmbedding ? 0 : embedding?.table.byteCount ?? 0) + (embedding?.inputs?.byteCount ?? 0)
        var use = loader.tally.use
        if !sharesEmbedding, let embedding { use.mappedBytes += embedding.table.byteCount }
        packedUse = use
        mappings = loader.tally.mappings
        try checkWeights()
    }

    /// Sets how many pages of each kind the caches of all sequences may have together; a step that needs more is refused. nil is as many as
    /// the system gives.
    package func limitPages(_ limit: (StateKind) -> Int?) {
        cache.pageLimits = cache.layout.groups.map { limit($0.kind) }
    }

    /// Pages of each group of the caches that all open sequences have, shared ones counted once.
    package var pageCounts: [(kind: StateKind, pages: Int)] {
        cache.layout.groups.indices.map { (cache.layout.groups[$0].kind, cache.pageCount(group: $0)) }
    }

    /// Whether weights are gone: a file was made shorter. The stage computes nothing more.
    package var isDamaged: Bool { mappings.contains { $0.isDamaged } }

    /// What was computed counts only when this does not throw.
    func checkWeights() throws(ModelError) {
        let damages = MappedBytes.damages
        guard damages != damagesSeen else { return }
        guard !isDamaged else {
            throw ModelError(
                code: .damagedFile, message: "a file of weights was made shorter while it was in use",
                mend: "load the stage again")
        }
        damagesSeen = damages
    }

    /// Bytes of the caches of all open sequences.
    package var keyValueBytes: Int { cache.byteCount }

    /// Elements of an output row: the vocabulary with the head, else what the next layers take.
    package var outputWidth: Int {
        range.head ? configuration.vocabulary : configuration.rowWidth(before: range.layers.upperBound)
    }

    /// Elements of an activation row that comes in.
    package var inputWidth: Int { configuration.rowWidth(before: range.layers.lowerBound) }

    /// Whether rows that nobody wants the results of end here: they fill the caches of layers, and no layers follow.
    package var endsLayers: Bool {
        range.head || !range.layers.isEmpty && range.layers.upperBound == configuration.layers
    }

    /// How many sequences are open.
    package var openSequences: Int { cache.count }

    /// Opens an empty sequence.
    ///
    /// - Throws: `ModelError` when it is already open.
    package func open(sequence: UInt32) throws(ModelError) { try cache.open(sequence) }

    /// Opens a sequence with the first `positions` of another; they share memory until one of them writes.
    ///
    /// - Throws: `ModelError` when it is already open, the other is not, or that is shorter, or has given back what goes on there.
    package func fork(sequence: UInt32, from source: UInt32, positions: Int) throws(ModelError) {
        // Without layers there is nothing that a position would be in: rows are not even all seen here.
        try cache.fork(sequence, from: source, positions: layers.isEmpty ? 0 : positions)
    }

    /// In a replay: where the sequence has fewer than `positions`, it begins again with those of another; else nothing is done.
    ///
    /// - Throws: `ModelError` when one of them is not open, or the other is shorter; then nothing has changed.
    package func refork(sequence: UInt32, from source: UInt32, positions: Int) throws(ModelError) {
        try cache.refork(sequence, from: source, positions: layers.isEmpty ? 0 : positions)
    }

    /// Shortens a sequence to `length` positions.
    ///
    /// - Throws: `ModelError` when it is not open or shorter, or has given back what goes on there.
    package func trim(sequence: UInt32, to length: Int) throws(ModelError) {
        try cache.trim(sequence, to: layers.isEmpty ? 0 : length)
    }

    /// Closes a sequence and frees its cache. Closing one that is not open does nothing.
    package func close(sequence: UInt32) { cache.close(sequence) }

    /// The positions that a sequence has.
    ///
    /// - Throws: `ModelError` when it is not open.
    package func length(sequence: UInt32) throws(ModelError) -> Int { try cache.sequence(sequence).length }

    /// Bytes that the experts of these layers have in the model's file.
    package static func expertBytes(
        _ configuration: ModelConfiguration, _ range: StageRange, _ tensors: some TensorSource
    ) -> Int {
        let has = { (name: String) in tensors.tensorData(named: name) != nil }
        return range.layers.flatMap { configuration.tensors(layer: $0, has: has) }.filter(\.isExperts)
            .reduce(0) { $0 + (tensors.tensorData(named: $1.name)?.bytes.count ?? 0) }
    }

    /// Bytes that weights of these parts have in the model's file, but for an embedding that is only looked up.
    package static func totalBytes(
        _ configuration: ModelConfiguration, _ range: StageRange, _ tensors: some TensorSource
    ) -> Int {
        let has = { (name: String) in tensors.tensorData(named: name) != nil }
        var needs = range.layers.flatMap { configuration.tensors(layer: $0, has: has) }
        if range.head { needs += configuration.headTensors(has: has) }
        let names = needs.map(\.name) + configuration.sharedTensorNames
        return names.reduce(0) { $0 + (tensors.tensorData(named: $1)?.bytes.count ?? 0) }
    }
}
