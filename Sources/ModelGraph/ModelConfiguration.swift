import GGUF

/// What a model is, apart from its weights: read from GGUF metadata and checked, so that all sizes derived from it fit an Int.
///
/// Thread safety: a value.
package struct ModelConfiguration: Sendable, Hashable {
    /// The architecture that computes it.
    package var architecture: Architecture
    /// Transformer layers.
    package var layers: Int
    /// Elements of an activation row.
    package var width: Int
    /// Elements inside the feed-forward network.
    package var feedForwardWidth: Int
    /// Query heads.
    package var heads: Int
    /// Key-value heads; divides `heads`.
    package var keyValueHeads: Int
    /// Elements of a query or key of one head.
    package var keySize: Int
    /// Elements of a value of one head.
    package var valueSize: Int
    /// Tokens of the vocabulary.
    package var vocabulary: Int
    /// The context the model was trained for, in tokens.
    package var trainedContext: Int
    /// Added to the mean square in norms.
    package var normEpsilon: Float
    /// The base of the rotary frequencies.
    package var ropeBase: Float
    /// Elements of a head that are rotated.
    package var ropeDimensions: Int
    /// Positions are divided by this (linear scaling).
    package var ropeScaling: Float

    /// Elements of all queries of a row.
    package var queryWidth: Int { heads * keySize }
    /// Elements of all keys of a row.
    package var keyWidth: Int { keyValueHeads * keySize }
    /// Elements of all values of a row.
    package var valueWidth: Int { keyValueHeads * valueSize }
    /// Elements of a row of attention's results.
    package var attentionWidth: Int { heads * valueSize }

    /// Makes a configuration of values, for tests and tools.
    package init(
        architecture: Architecture, layers: Int, width: Int, feedForwardWidth: Int, heads: Int, keyValueHeads: Int,
        keySize: Int, valueSize: Int, vocabulary: Int, trainedContext: Int, normEpsilon: Float, ropeBase: Float,
        ropeDimensions: Int, ropeScaling: Float
    ) {
        self.architecture = architecture
        self.layers = layers
        self.width = width
        self.feedForwardWidth = feedForwardWidth
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.keySize = keySize
        self.valueSize = valueSize
        self.vocabulary = vocabulary
        self.trainedContext = trainedContext
        self.normEpsilon = normEpsilon
        self.ropeBase = ropeBase
        self.ropeDimensions = ropeDimensions
        self.ropeScaling = ropeScaling
    }
}

/// Architectures that are implemented; the raw value is `general.architecture`. A new one: a case here, its keys in
/// `ModelConfiguration+Reading.swift` where they differ, and a file with its layer.
package enum Architecture: String, Sendable, Hashable, CaseIterable {
    /// Llama and what shares its graph (Mistral, SmolLM2, …).
    case llama
}
