import ArgumentParser

/// The dimensions of a well-known model, as its published configuration gives them.
enum ModelShape: String, CaseIterable, ExpressibleByArgument {
    case tinyllama = "tinyllama-1.1b"
    case llama2small = "llama2-7b"
    case llama2medium = "llama2-13b"
    case llama2large = "llama2-70b"
    case llama3tiny = "llama3.2-1b"
    case llama3small = "llama3.2-3b"
    case llama3medium = "llama3.1-8b"
    case mistral = "mistral-7b"
    case qwen3experts = "qwen3-30b-a3b"

    struct Dimensions {
        var architecture = "llama"
        var layers: Int
        var width: Int
        var feedForwardWidth: Int
        var heads: Int
        var keyValueHeads: Int
        /// Of queries, keys and values; nil: the width over the heads, and no key of the file tells it.
        var explicitHeadSize: Int?
        var vocabulary = 32000
        var context: Int
        var ropeBase: Float = 10000
        /// By how much Llama 3.1 and later stretch the longest waves of the rotary embedding.
        var ropeStretch: Float?
        var normEpsilon: Float = 1e-5
        /// Whether the embedding is the output matrix too.
        var tied = false
        /// Whether queries and keys of each head are normalized.
        var normalizesHeads = false
        var experts: Experts?

        var headSize: Int { explicitHeadSize ?? width / heads }
    }

    /// A mixture of experts in place of each layer's feed-forward network.
    struct Experts {
        var count: Int
        var used: Int
        var feedForwardWidth: Int
    }

    var dimensions: Dimensions {
        switch self {
        case .tinyllama:
            Dimensions(layers: 22, width: 2048, feedForwardWidth: 5632, heads: 32, keyValueHeads: 4, context: 2048)
        case .llama2small:
            Dimensions(layers: 32, width: 4096, feedForwardWidth: 11008, heads: 32, keyValueHeads: 32, context: 4096)
        case .llama2medium:
            Dimensions(layers: 40, width: 5120, feedForwardWidth: 13824, heads: 40, keyValueHeads: 40, context: 4096)
        case .llama2large:
            Dimensions(layers: 80, width: 8192, feedForwardWidth: 28672, heads: 64, keyValueHeads: 8, context: 4096)
        case .llama3tiny:
            Dimensions(
                layers: 16, width: 2048, feedForwardWidth: 8192, heads: 32, keyValueHeads: 8, vocabulary: 128_256,
                context: 131_072, ropeBase: 500_000, ropeStretch: 32, tied: true)
        case .llama3small:
            Dimensions(
                layers: 28, width: 3072, feedForwardWidth: 8192, heads: 24, keyValueHeads: 8, vocabulary: 128_256,
                context: 131_072, ropeBase: 500_000, ropeStretch: 32, tied: true)
        case .llama3medium:
            Dimensions(
                layers: 32, width: 4096, feedForwardWidth: 14336, heads: 32, keyValueHeads: 8, vocabulary: 128_256,
                context: 131_072, ropeBase: 500_000, ropeStretch: 8)
        case .mistral:
            Dimensions(layers: 32, width: 4096, feedForwardWidth: 14336, heads: 32, keyValueHeads: 8, context: 32768)
        case .qwen3experts:
            Dimensions(
                architecture: "qwen3moe", layers: 48, width: 2048, feedForwardWidth: 6144, heads: 32, keyValueHeads: 4,
                explicitHeadSize: 128, vocabulary: 151_936, context: 40960, ropeBase: 1_000_000, normEpsilon: 1e-6,
                normalizesHeads: true, experts: Experts(count: 128, used: 8, feedForwardWidth: 768))
        }
    }
}
