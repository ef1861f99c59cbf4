import Dispatch
import Formats
package import GGUF
import Synchronization
package import Wire

/// A model cut into shards: the configuration, the embedding, each layer, the head, and what some models have more of each
/// token.
///
/// Knows no architecture: a tensor's name says which part it belongs to.
package final class ModelShards: Sendable {
    package let model: GGUFFile
    package let layerCount: Int
    /// Whether the head multiplies with the embedding's matrix, for want of one of its own.
    package let tiedEmbedding: Bool
    private let shards: [ModelPart: ModelShard]
    private let cache: ShardIDCache?
    private let ids = Mutex<[ModelPart: ShardID]>([:])

    /// Cuts a model.
    ///
    /// - Parameter cache: remembers the shards' ids from one start to the next.
    /// - Throws: `CoordinatorError` where parts are missing or out of order.
    package init(_ model: GGUFFile, cache: ShardIDCache? = nil) throws(CoordinatorError) {
        self.cache = cache
        self.model = model
        let tensors = Dictionary(grouping: model.tensors) { ModelPart(tensor: $0.name) }
        let layers = tensors.keys.compactMap { if case .layer(let index) = $0 { index } else { nil } }
        layerCount = layers.count
        guard let last = layers.max(), last == layers.count - 1 else {
            throw CoordinatorError(
                .model,
                "\(model.path) holds \(layers.isEmpty ? "no layers" : "layers with gaps among their numbers"): it is no whole model"
            )
        }
        guard tensors[.embedding] != nil, tensors[.head] != nil else {
            throw CoordinatorError(
                .model,
                "\(model.path) holds no \(tensors[.head] == nil ? "output norm" : "token embedding"): it is no whole model"
            )
        }
        tiedEmbedding = model.tensor(named: TensorNames.headMatrix) == nil
        let configuration = Self.configuration(of: model)
        let alignment = model.metadata.entries.filter { $0.key == "general.alignment" }
        var shards: [ModelPart: ModelShard] = [:]
        do {
            for (part, members) in tensors {
                let metadata = part == .configuration ? configuration : alignment
                shards[part] = try ModelShard(part: part, metadata: metadata, tensors: members, of: model)
            }
            if shards[.configuration] == nil {
                shards[.configuration] = try ModelShard(
                    part: .configuration, metadata: configuration, tensors: [], of: model)
            }
        } catch {
            throw CoordinatorError(.model, error.description)
        }
        self.shards = shards
    }

    /// The model's metadata without its tokenizer, and without what a split one's files say of each other: its shards are those of the same
    /// model in one file. The vocabulary's size, which some files leave to the embedding's shape, is
    /// written down for stages that have no embedding.
    private static func configuration(of model: GGUFFile) -> [(key: String, value: GGUFValue)] {
        var entries = model.metadata.entries.filter { !$0.key.hasPrefix("tokenizer.") }
        if model.parts.count > 1 { entries.removeAll { $0.key.hasPrefix("split.") } }
        if let architecture = try? model.metadata.string("general.architecture"),
            model.metadata["\(architecture).vocab_size"] == nil,
            let embedding = model.tensor(named: TensorNames.embeddingMatrix)
        {
            entries.append((key: "\(architecture).vocab_size", value: .uint32(UInt32(clamping: embedding.rows))))
        }
        return entries
    }

    package subscript(part: ModelPart) -> ModelShard { shards[part]! }

    /// The parts a stage needs, the configuration first.
    package func parts(embedding: Bool, layers: Range<Int>, head: Bool) -> [ModelPart] {
        var parts: [ModelPart] = [.configuration]
        if embedding || (head && tiedEmbedding) { parts.append(.embedding) }
        if embedding, shards[.tokenInputs] != nil { parts.append(.tokenInputs) }
        parts += layers.map { .layer($0) }
        if head { parts.append(.head) }
        return parts
    }

    /// To be called after the model's file was read, before anything comes of what was read.
    ///
    /// - Throws: `CoordinatorError` (model) when the file was made shorter or written to since it was opened.
    package func check() throws(CoordinatorError) {
        do {
            try model.check()
        } catch {
            throw CoordinatorError(.model, "\(error.description); then place it again")
        }
    }

    /// The ids of parts, computed once each, on all cores.
    ///
    /// - Throws: as `check`; then nothing of what was read is kept.
    package func identify(_ parts: [ModelPart]) async throws(CoordinatorError) -> [ModelPart: ShardID] {
        // The largest first: one that begins last would keep one core busy and the others waiting.
        let missing = unidentified(parts).sorted { self[$0].byteCount > self[$1].byteCount }
        if !missing.isEmpty {
            let result = await DispatchQueue.global().result { [self] in
                let found = Mutex<[ModelPart: ShardID]>([:])
                DispatchQueue.concurrentPerform(iterations: missing.count) { index in
                    let id = self[missing[index]].identify()
                    found.withLock { $0[missing[index]] = id }
                }
                return Result { () throws(CoordinatorError) in
                    try check()
                    ids.withLock { ids in ids.merge(found.withLock { $0 }) { $1 } }
                    remember()
                }
            }
            try result.get()
        }
        return ids.withLock { $0 }
    }

    /// Computes a part's id anew, whatever was kept of it. Where that was another, all that was kept is forgotten.
    package func identifyAgain(_ part: ModelPart) async throws(CoordinatorError) -> ShardID {
        let id = await DispatchQueue.global().result { [self] in self[part].identify() }
        try check()
        let isAsKept = ids.withLock { ids in
            let isAsKept = ids[part] == id
            ids = isAsKept ? ids : [part: id]
            return isAsKept
        }
        if !isAsKept { cache?.store([part.description: id]) }
        return id
    }

    /// The parts whose ids neither this run nor the cache knows.
    func unidentified(_ parts: [ModelPart]) -> [ModelPart] {
        let known = ids.withLock { $0 }
        let missing = parts.filter { known[$0] == nil }
        guard !missing.isEmpty, let remembered = cache?.load(), !remembered.isEmpty else { return missing }
        return ids.withLock { ids in
            // All of them, so that none is forgotten when what is known is written down again.
            for part in shards.keys where ids[part] == nil { ids[part] = remembered[part.description] }
            return missing.filter { ids[$0] == nil }
        }
    }

    /// The ids that are known by now, without reading the model.
    var known: [ModelPart: ShardID] {
        _ = unidentified(Array(shards.keys))
        return ids.withLock { $0 }
    }

    /// Bytes of all shards together.
    var byteCount: Int { shards.values.reduce(0) { $0 + $1.byteCount } }

    /// Writes down that there is this model, and the ids that are known of it.
    func remember() {
        _ = unidentified(Array(shards.keys))
        guard let cache else { return }
        let known = ids.withLock { $0 }
        cache.store(Dictionary(uniqueKeysWithValues: known.map { ($0.key.description, $0.value) }))
    }
}
