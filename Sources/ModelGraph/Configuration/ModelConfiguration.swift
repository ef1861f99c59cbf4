/// What a model is, apart from its weights: read from GGUF metadata and checked, so that all sizes derived from it fit an Int.
///
/// Thread safety: a value.
package struct ModelConfiguration: Sendable, Hashable {
    /// The architecture that computes it.
    package var architecture: Architecture
    /// Elements of an activation row.
    package var width: Int
    /// Tokens of the vocabulary.
    package var vocabulary: Int
    /// The context the model was trained for, in tokens.
    package var trainedContext: Int
    /// Rows of the embedding are multiplied by this.
    package var embeddingScale: Float = 1
    /// What each layer is, `[layers]`.
    package var layerShapes: [LayerShape]
    /// The norm before the head.
    package var finalNorm: NormShape
    /// What becomes of the head's products.
    package var logits = LogitShape()

    /// Transformer layers.
    package var layers: Int { layerShapes.count }

    /// Makes a configuration of values, for tests and tools.
    package init(
        architecture: Architecture, width: Int, vocabulary: Int, trainedContext: Int, layerShapes: [LayerShape],
        finalNorm: NormShape
    ) {
        self.architecture = architecture
        self.width = width
        self.vocabulary = vocabulary
        self.trainedContext = trainedContext
        self.layerShapes = layerShapes
        self.finalNorm = finalNorm
    }

    /// The rotations that layers use, each once, in the order of the layers.
    var ropes: [RopeShape] {
        var ropes: [RopeShape] = []
        for case let rope? in layerShapes.map(\.mixer.rope) where !ropes.contains(rope) { ropes.append(rope) }
        return ropes
    }
}

/// What becomes of the head's products: cap · tanh(scale · x / cap).
package struct LogitShape: Sendable, Hashable {
    /// Products are multiplied by this.
    package var scale: Float = 1
    /// Where they are capped softly.
    package var cap: Float?
}
