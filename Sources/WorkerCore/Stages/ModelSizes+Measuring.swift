package import ModelParts
import Formats
package import GGUF
package import ModelGraph
package import Placement

extension ModelSizes {
    /// What a model's parts take on a worker that computes with `threads` threads.
    ///
    /// - Throws: `ModelError` for a model that cannot be computed here, or not with that cache.
    package init(
        measuring model: GGUFFile, compute: ComputeMode, keyValueType: KeyValueType = .standard,
        context: Int, threads: Int
    ) throws(ModelError) {
        let configuration = try ModelConfiguration(file: model)
        try configuration.check(keyValueType, compute: compute)
        let has = { (name: String) in model.tensor(named: name) != nil }
        func size(_ names: [String], experts: (count: Int, used: Int)? = nil) -> PartSize {
            PartSize(
                names.compactMap { model.tensor(named: $0) }.map { tensor in
                    WeightBytes(
                        elementType: tensor.type.rawValue,
                        // Whole blocks, as the reader checked.
                        elements: tensor.byteCount / tensor.type.blockBytes * tensor.type.blockElements,
                        bytes: tensor.byteCount,
                        experts: tensor.dimensions.count > 2 && WeightKind(tensor: tensor.name) == .experts
                            ? experts.map { WeightBytes.Experts(count: $0.count, used: $0.used) } : nil)
                })
        }
        let mayBeSmaller =
            keyValueType != .q8_0 && (try? configuration.check(.q8_0, compute: compute)) != nil
        self.init(
            layers: (0..<configuration.layers).map {
                size(configuration.tensorNames(layer: $0, has: has), experts: configuration.experts(layer: $0))
            },
            embedding: size(configuration.embeddingTensorNames(has: has)),
            head: size(configuration.headTensorNames(has: has)),
            tiedEmbedding: !ModelConfiguration.hasOwnHead(has: has), width: configuration.width,
            vocabulary: configuration.vocabulary,
            states: (0..<configuration.layers).map { layer in
                StateSize(
                    bytesPerPosition: configuration.keyValueBytesPerPosition(
                        layer: layer, compute: compute, keyValueType: keyValueType),
                    smallBytesPerPosition: mayBeSmaller
                        ? configuration.keyValueBytesPerPosition(layer: layer, compute: compute, keyValueType: .q8_0)
                        : nil,
                    window: configuration.window(layer: layer))
            },
            scratchBytes: configuration.scratchBytes(context: context, threads: threads))
        sideWidth = configuration.sideWidth(before: configuration.layers - 1)
        undivided = configuration.undividedLayers
    }
}
