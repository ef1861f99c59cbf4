import Formats
package import GGUF
package import ModelGraph
package import Placement

extension ModelSizes {
    /// What a model's parts take on a worker that computes with `threads` threads.
    ///
    /// - Throws: `ModelError` for a model that cannot be computed here, or not with that cache.
    package init(
        measuring model: GGUFFile, compute: ModelGraph.ComputeMode, keyValueType: KeyValueType = .standard,
        context: Int, threads: Int
    ) throws(ModelError) {
        let configuration = try ModelConfiguration(file: model)
        try configuration.check(keyValueType, compute: compute)
        let tied = model.tensor(named: "output.weight") == nil
        func bytes(_ names: [String]) -> Int { names.reduce(0) { $0 + (model.tensor(named: $1)?.byteCount ?? 0) } }
        self.init(
            layerBytes: (0..<configuration.layers).map { bytes(configuration.tensorNames(layer: $0)) },
            embeddingBytes: bytes(configuration.embeddingTensorNames),
            headBytes: bytes(configuration.headTensorNames(tied: tied)), tiedEmbedding: tied,
            keyValueBytesPerPositionPerLayer: configuration.keyValueBytesPerPosition(
                compute: compute, keyValueType: keyValueType),
            scratchBytes: configuration.scratchBytes(context: context, threads: threads))
    }
}
