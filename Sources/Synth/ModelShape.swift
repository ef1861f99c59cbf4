import Formats

/// A well-known model whose dimensions a synthetic one can have. The raw value is its name on the command line.
package enum ModelShape: String, CaseIterable, Sendable {
    case tinyllama = "tinyllama-1.1b"
    case llama2small = "llama2-7b"
    case llama2medium = "llama2-13b"
    case llama2large = "llama2-70b"
    case llama3tiny = "llama3.2-1b"
    case llama3small = "llama3.2-3b"
    case llama3medium = "llama3.1-8b"
    case mistral = "mistral-7b"
    case mixtral = "mixtral-8x7b"
    case qwen3tiny = "qwen3-0.6b"
    case qwen3small = "qwen3-4b"
    case qwen3medium = "qwen3-8b"
    case qwen3experts = "qwen3-30b-a3b"
    case gemma3tiny = "gemma3-1b"
    case gemma3small = "gemma3-4b"
    case phi3mini = "phi3-mini"
    case gptOSS = "gpt-oss-20b"

    /// Its dimensions, as its published configuration (config.json) gives them; of models that see, the language part's.
    package var dimensions: ModelDimensions {
        switch self {
        case .tinyllama, .llama2small, .llama2medium, .llama2large, .llama3tiny, .llama3small, .llama3medium: llama
        case .mistral:
            ModelDimensions(
                .llama, layers: 32, width: 4096, feedForwardWidth: 14336, heads: 32, keyValueHeads: 8,
                vocabulary: 32000, context: 32768)
        case .mixtral:
            ModelDimensions(
                .llama, layers: 32, width: 4096, feedForwardWidth: 14336, heads: 32, keyValueHeads: 8,
                vocabulary: 32000, context: 32768, ropeBase: 1_000_000,
                experts: .init(count: 8, used: 2, feedForwardWidth: 14336))
        case .qwen3tiny, .qwen3small, .qwen3medium, .qwen3experts: qwen3
        case .gemma3tiny, .gemma3small: gemma3
        case .phi3mini:
            ModelDimensions(
                .phi3, layers: 32, width: 3072, feedForwardWidth: 8192, heads: 32, keyValueHeads: 32,
                vocabulary: 32064, context: 4096, window: .init(positions: 2047),
                scaling: .unscaled(originalContext: 4096))
        case .gptOSS:
            ModelDimensions(
                .gptOSS, layers: 24, width: 2880, feedForwardWidth: 2880, heads: 64, keyValueHeads: 8, headSize: 64,
                vocabulary: 201_088, context: 131_072, ropeBase: 150_000, window: .init(positions: 128),
                scaling: .yarn(factor: 32, originalContext: 4096, fast: 32, slow: 1),
                experts: .init(count: 32, used: 4, feedForwardWidth: 2880, type: .mxfp4))
        }
    }

    private var llama: ModelDimensions {
        func llama2(_ layers: Int, _ width: Int, _ feedForwardWidth: Int, heads: Int, keyValueHeads: Int)
            -> ModelDimensions
        {
            ModelDimensions(
                .llama, layers: layers, width: width, feedForwardWidth: feedForwardWidth, heads: heads,
                keyValueHeads: keyValueHeads, vocabulary: 32000, context: self == .tinyllama ? 2048 : 4096)
        }
        func llama3(
            _ layers: Int, _ width: Int, _ feedForwardWidth: Int, heads: Int, stretch: Float, tied: Bool
        ) -> ModelDimensions {
            ModelDimensions(
                .llama, layers: layers, width: width, feedForwardWidth: feedForwardWidth, heads: heads,
                keyValueHeads: 8, vocabulary: 128_256, context: 131_072, ropeBase: 500_000, ropeStretch: stretch,
                tied: tied)
        }
        switch self {
        case .tinyllama: return llama2(22, 2048, 5632, heads: 32, keyValueHeads: 4)
        case .llama2small: return llama2(32, 4096, 11008, heads: 32, keyValueHeads: 32)
        case .llama2medium: return llama2(40, 5120, 13824, heads: 40, keyValueHeads: 40)
        case .llama2large: return llama2(80, 8192, 28672, heads: 64, keyValueHeads: 8)
        case .llama3tiny: return llama3(16, 2048, 8192, heads: 32, stretch: 32, tied: true)
        case .llama3small: return llama3(28, 3072, 8192, heads: 24, stretch: 32, tied: true)
        default: return llama3(32, 4096, 14336, heads: 32, stretch: 8, tied: false)
        }
    }

    private var qwen3: ModelDimensions {
        func shape(
            _ family: ModelFamily, _ layers: Int, _ width: Int, _ feedForwardWidth: Int, heads: Int,
            keyValueHeads: Int = 8, tied: Bool, experts: ModelDimensions.Experts? = nil
        ) -> ModelDimensions {
            ModelDimensions(
                family, layers: layers, width: width, feedForwardWidth: feedForwardWidth, heads: heads,
                keyValueHeads: keyValueHeads, headSize: 128, vocabulary: 151_936, context: 40960, ropeBase: 1_000_000,
                normEpsilon: 1e-6, tied: tied, experts: experts)
        }
        switch self {
        case .qwen3tiny: return shape(.qwen3, 28, 1024, 3072, heads: 16, tied: true)
        case .qwen3small: return shape(.qwen3, 36, 2560, 9728, heads: 32, tied: true)
        case .qwen3medium: return shape(.qwen3, 36, 4096, 12288, heads: 32, tied: false)
        default:
            return shape(
                .qwen3experts, 48, 2048, 6144, heads: 32, keyValueHeads: 4, tied: false,
                experts: .init(count: 128, used: 8, feedForwardWidth: 768))
        }
    }

    private var gemma3: ModelDimensions {
        func shape(
            _ layers: Int, _ width: Int, _ feedForwardWidth: Int, heads: Int, keyValueHeads: Int, vocabulary: Int,
            context: Int, window: Int, scaling: ModelDimensions.Scaling?
        ) -> ModelDimensions {
            ModelDimensions(
                .gemma3, layers: layers, width: width, feedForwardWidth: feedForwardWidth, heads: heads,
                keyValueHeads: keyValueHeads, headSize: 256, vocabulary: vocabulary, context: context,
                ropeBase: 1_000_000, normEpsilon: 1e-6, tied: true, window: .init(positions: window, ropeBase: 10000),
                scaling: scaling)
        }
        switch self {
        case .gemma3tiny:
            return shape(
                26, 1152, 6912, heads: 4, keyValueHeads: 1, vocabulary: 262_144, context: 32768, window: 512,
                scaling: nil)
        default:
            return shape(
                34, 2560, 10240, heads: 8, keyValueHeads: 4, vocabulary: 262_208, context: 131_072, window: 1024,
                scaling: .linear(factor: 8))
        }
    }
}
