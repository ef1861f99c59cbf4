package import ModelParts
package import GGUF
package import Tensors

/// Facts for placement: pure functions of the configuration.
extension ModelConfiguration {
    /// Names of the tensors of a layer that a file has. `has` tells whether it has one.
    package func tensorNames(layer: Int, has: @escaping (String) -> Bool) -> [String] {
        tensors(layer: layer, has: has).map(\.name).filter(has)
    }

    /// Names of the tensors that a stage with the embedding needs.
    package func embeddingTensorNames(has: @escaping (String) -> Bool) -> [String] {
        embeddingTensors(has: has).map(\.name).filter(has)
    }

    /// Names of the tensors that a stage with the head needs. A file is tied when it has no `output.weight`.
    package func headTensorNames(has: @escaping (String) -> Bool) -> [String] {
        headTensors(has: has).map(\.name).filter(has)
    }

    /// Names of tensors that every layer may read.
    package var sharedTensorNames: [String] {
        [TensorNames.ropeFactors, TensorNames.longRopeFactors, TensorNames.shortRopeFactors]
    }

    /// Whether a file has a head of its own, or uses the embedding's matrix.
    package static func hasOwnHead(has: (String) -> Bool) -> Bool { has(TensorNames.headMatrix) }

    func tensors(layer: Int, has: @escaping (String) -> Bool) -> [TensorNeed] {
        var list = TensorList(prefix: TensorNames.layer(layer, ""), has: has)
        Layer.list(layerShapes[layer], width: width, in: &list)
        return list.needs
    }

    func embeddingTensors(has: @escaping (String) -> Bool) -> [TensorNeed] {
        var list = TensorList(prefix: "", has: has)
        list.add(TensorNeed(name: TensorNames.embeddingMatrix, dimensions: [width, vocabulary]))
        TokenInputs.list(self, in: &list)
        return list.needs
    }

    func headTensors(has: @escaping (String) -> Bool) -> [TensorNeed] {
        var list = TensorList(prefix: "", has: has)
        Head.list(self, in: &list)
        return list.needs
    }

    /// Refuses a file that lacks a tensor, or has one of another shape: before anything is sent or loaded.
    ///
    /// - Throws: `ModelError`, which names the tensor.
    package func check(tensorsOf model: GGUFFile) throws(ModelError) {
        let has = { (name: String) in model.tensor(named: name) != nil }
        let needs =
            embeddingTensors(has: has) + layerShapes.indices.flatMap { tensors(layer: $0, has: has) }
            + headTensors(has: has)
        for need in needs {
            guard let tensor = model.tensor(named: need.name) else {
                if need.isOptional { continue }
                throw ModelError(
                    code: .missingTensor, message: "\(model.path): tensor \(need.name) is missing",
                    mend: "the file is not whole, download it again")
            }
            guard TensorNeed.areEqual(tensor.dimensions, need.dimensions) else {
                throw ModelError(
                    code: .invalidTensor,
                    message:
                        "\(model.path): tensor \(need.name) has shape \(tensor.dimensions), the model's metadata asks for \(need.dimensions)",
                    mend: "the file is damaged or was converted wrongly, download or convert it again")
            }
        }
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
        for cache in layerShapes.map(\.mixer.cache)
        where !cache.keySize.isMultiple(of: block) || !cache.valueSize.isMultiple(of: block) {
            throw ModelError(
                code: .unsupportedFeature,
                message:
                    "a q8_0 key-value cache takes heads of a multiple of \(block) elements, the model's keys have \(cache.keySize) and values \(cache.valueSize)",
                mend: "use --kv-type f16")
        }
    }

    /// The cache layout of a stage with these layers.
    ///
    /// - Precondition: `check(_:compute:)` passes.
    package func keyValueLayout(
        _ layers: Range<Int>, compute: ComputeMode, keyValueType: KeyValueType = .standard
    ) -> KeyValueLayout {
        KeyValueLayout(
            layers: layerShapes[layers].map { shape in
                let cache = shape.mixer.cache
                return KeyValueLayout.Shape(heads: cache.heads, keySize: cache.keySize, valueSize: cache.valueSize)
            }, element: KeyValueLayout.Element(keyValueType, compute: compute))
    }

    /// The caches of a stage with these layers, in groups by kind.
    ///
    /// - Parameter givesBack: whether layers with a window keep no more than that needs.
    /// - Precondition: `check(_:compute:)` passes.
    package func cacheLayout(
        _ layers: Range<Int>, compute: ComputeMode, keyValueType: KeyValueType = .standard, givesBack: Bool = true
    ) -> CacheLayout {
        CacheLayout(
            layers: layers.map { layer in
                let cache = layerShapes[layer].mixer.cache
                let kind: StateKind = givesBack ? cache.window.map { .window($0) } ?? .pages : .pages
                return (
                    kind,
                    KeyValueLayout.Shape(heads: cache.heads, keySize: cache.keySize, valueSize: cache.valueSize)
                )
            }, element: KeyValueLayout.Element(keyValueType, compute: compute))
    }

    /// Bytes of key-value cache that one position takes in a layer.
    package func keyValueBytesPerPosition(
        layer: Int, compute: ComputeMode, keyValueType: KeyValueType = .standard
    ) -> Int {
        keyValueLayout(layer..<layer + 1, compute: compute, keyValueType: keyValueType).pageBytes
            / KeyValueLayout.positions
    }

    /// Positions that rows see in a layer; nil is all.
    package func window(layer: Int) -> Int? { layerShapes[layer].mixer.cache.window }

    /// Experts of a layer and how many a row takes; nil for a layer without.
    package func experts(layer: Int) -> (count: Int, used: Int)? {
        layerShapes[layer].network.experts.map { ($0.count, $0.used) }
    }

    /// Bytes of scratch that a stage takes besides weights and cache.
    package func scratchBytes(context: Int, threads: Int) -> Int {
        StageScratch.byteCount(self, rows: StageScratch.rows, context: context, threads: threads)
    }
}

extension KeyValueLayout.Element {
    /// What a cache of this type holds in this arithmetic.
    init(_ type: KeyValueType, compute: ComputeMode) {
        switch (compute, type) {
        case (.f32, _): self = .float32
        case (.int8, .standard): self = .float16
        case (.int8, .q8_0): self = .q8_0
        }
    }
}
