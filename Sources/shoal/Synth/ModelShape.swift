import ArgumentParser

/// The dimensions of a well-known model, as its published configuration gives them.
enum ModelShape: String, CaseIterable, ExpressibleByArgument {
    case tinyllama = "tinyllama-1.1b"
    case llama2small = "llama2-7b"
    case llama2medium = "llama2-13b"
    case mistral = "mistral-7b"

    struct Dimensions {
        var layers: Int
        var width: Int
        var feedForwardWidth: Int
        var heads: Int
        var keyValueHeads: Int
        var vocabulary = 32000
        var context: Int
    }

    var dimensions: Dimensions {
        switch self {
        case .tinyllama:
            Dimensions(layers: 22, width: 2048, feedForwardWidth: 5632, heads: 32, keyValueHeads: 4, context: 2048)
        case .llama2small:
            Dimensions(layers: 32, width: 4096, feedForwardWidth: 11008, heads: 32, keyValueHeads: 32, context: 4096)
        case .llama2medium:
            Dimensions(layers: 40, width: 5120, feedForwardWidth: 13824, heads: 40, keyValueHeads: 40, context: 4096)
        case .mistral:
            Dimensions(layers: 32, width: 4096, feedForwardWidth: 14336, heads: 32, keyValueHeads: 8, context: 32768)
        }
    }
}
