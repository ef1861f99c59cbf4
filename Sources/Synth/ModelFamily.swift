import GGUF

/// The architectures that synthetic models are of. The raw value is `general.architecture`.
package enum ModelFamily: String, CaseIterable, Sendable {
    case llama
    case qwen3
    case qwen3experts = "qwen3moe"
    case gemma3
    case phi3
    case gptOSS = "gpt-oss"

    /// What the files of an architecture have that those of others have not, as llama.cpp's converter writes them.
    struct Layout {
        /// Norms of each head's queries and keys.
        var normalizesHeads = false
        /// One matrix for queries, keys and values, and one for the gate and what it gates.
        var fusesMatrices = false
        /// Norms after attention and after the feed-forward network.
        var normalizesResults = false
        /// The norm before the feed-forward network.
        var feedForwardNorm = TensorNames.Layer.networkNorm
        /// Biases of attention, router and experts.
        var hasBiases = false
        /// A weight for each head that takes attention away.
        var hasSinks = false
        /// Metadata keys that some architectures' files lack.
        var givesRopeDimensions = false
        var givesVocabularySize = false
        var givesExpertWidth = false
    }

    var layout: Layout {
        switch self {
        case .llama: Layout(givesRopeDimensions: true, givesVocabularySize: true)
        case .qwen3: Layout(normalizesHeads: true)
        case .qwen3experts: Layout(normalizesHeads: true, givesExpertWidth: true)
        case .gemma3: Layout(normalizesHeads: true, normalizesResults: true)
        case .phi3: Layout(fusesMatrices: true, givesRopeDimensions: true)
        case .gptOSS:
            Layout(
                feedForwardNorm: TensorNames.Layer.attentionResultNorm, hasBiases: true, hasSinks: true,
                givesExpertWidth: true)
        }
    }
}
