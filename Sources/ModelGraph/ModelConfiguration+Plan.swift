package import GGUF
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

    /// Refuses a file that lacks a tensor, or has one of another shape: before anything is sent or loaded.
    ///
    /// - Throws: `ModelError`, which names the tensor.
    package func check(tensorsOf model: GGUFFile) throws(ModelError) {
        let tied = model.tensor(named: TensorNames.head) == nil
        for (name, dimensions) in shapes(tied: tied) {
            guard let tensor = model.tensor(named: name) else {
                throw ModelError(
                    code: .missingTensor, message: "\(model.path): tensor \(name) is missing",
                    mend: "the file is not whole, download it again")
            }
            guard Self.meaningful(tensor.dimensions, atLeast: dimensions.count) == dimensions else {
                throw ModelError(
                    code: .invalidTensor,
                    message:
                        "\(model.path): tensor \(name) has shape \(tensor.dimensions), the model's metadata asks for \(dimensions)",
                    mend: "the file is damaged or was converted wrongly, download or convert it again")
            }
        }
    }

    /// The shapes of the tensors that the whole model needs.
    private func shapes(tied: Bool) -> [(name: String, dimensions: [Int])] {
        let layers = (0..<layers).flatMap { layer in
            switch architecture {
            case .llama: LlamaLayer.shapes(self, layer: layer)
            }
        }
        let head = tied ? [] : [(name: TensorNames.head, dimensions: [width, vocabulary])]
        return [(TensorNames.embedding, [width, vocabulary]), (TensorNames.finalNorm, [width])] + layers + head
    }

    /// Dimensions without those of 1 at the end, which mean nothing.
    static func meaningful(_ dimensions: [Int], atLeast count: Int) -> [Int] {
        var dimensions = dimensions
        while dimensions.count > count, dimensions.last == 1 { dimensions.removeLast() }
        return dimensions
    }

    /// Refuses a cache that the model's heads or the arithmetic do not go with.
    ///
    /// - Throws: `ModelError`.
    package func check(_ keyValueType: KeyValueType, compute: ComputeMode) throws(ModelError) {
        guard keyValueType == .q8_0 else { return }
        guard compute == .int8 else {
            throw ModelError(
                code: .invalidInput, message: "a q8_0 key-value cache in the exact mode",
                mend: "use --kv-type f16, which the exact mode makes f32, or --compute int8")
        }
        let block = KeyValueLayout.Element.q8_0.block
        guard keySize.isMultiple(of: block), valueSize.isMultiple(of: block) else {
            throw ModelError(
                code: .unsupportedFeature,
                message:
                    "a q8_0 key-value cache takes heads of a multiple of \(block) elements, the model's keys have \(keySize) and values \(valueSize)",
                mend: "use --kv-type f16")
        }
    }

    /// The cache layout of a stage with so many layers.
    ///
    /// - Precondition: `check(_:compute:)` passes.
    package func keyValueLayout(
        layers: Int, compute: ComputeMode, keyValueType: KeyValueType = .standard
    ) -> KeyValueLayout {
        KeyValueLayout(
            layers: layers, heads: keyValueHeads, keySize: keySize, valueSize: valueSize,
            element: compute == .f32 ? .float32 : keyValueType == .q8_0 ? .q8_0 : .float16)
    }

    /// Bytes of key-value cache that one position takes in one layer.
    package func keyValueBytesPerPosition(compute: ComputeMode, keyValueType: KeyValueType = .standard) -> Int {
        keyValueLayout(layers: 1, compute: compute, keyValueType: keyValueType).pageBytes / KeyValueLayout.positions
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
