package import Tensors

/// Facts for placement: pure functions of the configuration.
extension ModelConfiguration {
    /// Names of all tensors that a layer may have: those a file lacks are optional there (biases, `rope_freqs.weight`, which all layers
    /// share), or loading the stage reports them missing.
    package func tensorNames(layer: Int) -> [String] {
        switch architecture {
        case .llama: LlamaLayer.tensorNames(layer: layer)
        }
    }

    /// Names of the tensors that a stage with the embedding needs.
    package var embeddingTensorNames: [String] { [TensorNames.embedding] }

    /// Names of the tensors that a stage with the head needs. A file is tied when it has no `output.weight`.
    package func headTensorNames(tied: Bool) -> [String] {
        [TensorNames.finalNorm, tied ? TensorNames.embedding : TensorNames.head]
    }

    /// The cache layout of a stage with so many layers.
    package func keyValueLayout(layers: Int, compute: ComputeMode) -> KeyValueLayout {
        KeyValueLayout(
            layers: layers, heads: keyValueHeads, keySize: keySize, valueSize: valueSize,
            element: compute == .int8 ? .float16 : .float32)
    }

    /// Bytes of key-value cache that one position takes in one layer.
    package func keyValueBytesPerPosition(compute: ComputeMode) -> Int {
        keyValueLayout(layers: 1, compute: compute).pageBytes / KeyValueLayout.positions
    }

    /// Bytes of key-value cache that a sequence of `positions` takes in `layers` layers: whole pages.
    package func keyValueBytes(positions: Int, layers: Int, compute: ComputeMode) -> Int {
        let pages = (positions + KeyValueLayout.positions - 1) / KeyValueLayout.positions
        return pages * keyValueLayout(layers: layers, compute: compute).pageBytes
    }

    /// Bytes of scratch that a stage takes besides weights and cache.
    package func scratchBytes(context: Int, threads: Int) -> Int {
        StageScratch.byteCount(self, rows: StageScratch.rows, context: context, threads: threads)
    }
}

/// Names of the tensors that belong to no layer (the GGUF specification, "Standardized tensor names").
enum TensorNames {
    static let embedding = "token_embd.weight"
    static let finalNorm = "output_norm.weight"
    static let head = "output.weight"
    static let ropeFactors = "rope_freqs.weight"
}
