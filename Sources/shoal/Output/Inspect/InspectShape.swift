import ModelParts
import GGUF
import ModelGraph
import Tensors

/// What a model is computed with. Of an architecture that is not supported only what the usual keys say.
struct InspectShape: Encodable {
    struct Attention: Encodable {
        var layers: [Int]
        var heads: Int
        var keyValueHeads: Int
        var keySize: Int
        var valueSize: Int
        /// Elements of the row that latent attention keeps of a position.
        var latentSize: Int?
    }

    struct Window: Encodable {
        var layers: [Int]
        var positions: Int
    }

    struct Experts: Encodable {
        /// None where it is not known which have them.
        var layers: [Int]
        var count: Int
        var used: Int
        var width: Int?
        var sharedWidth: Int?
    }

    struct Scaling: Encodable {
        var type: String
        var factor: Float?
        var originalContext: Int?
    }

    var layers: Int?
    var width: Int?
    var vocabulary: Int?
    /// Whether the output matrix is the embedding.
    var tiedEmbedding: Bool?
    var trainedContext: Int?
    var scalings: [Scaling] = []
    var attention: [Attention] = []
    var windows: [Window] = []
    /// Layers into which positions do not enter (NoPE).
    var layersWithoutPositions: [Int] = []
    var experts: [Experts] = []
    /// Layers that one device holds together, because some read keys and values of others.
    var undividedLayers: [[Int]] = []

    init(_ file: GGUFFile, _ configuration: ModelConfiguration?) {
        guard let configuration else {
            let prefix = file.metadata["general.architecture"]?.string ?? ""
            func number(_ key: String) -> Int? { file.metadata["\(prefix).\(key)"]?.integer }
            layers = number("block_count")
            width = number("embedding_length")
            vocabulary = InspectTokenizer.embeddingRows(file) ?? number("vocab_size")
            trainedContext = number("context_length")
            if let count = number("expert_count"), let used = number("expert_used_count"), count > 0 {
                experts = [
                    Experts(layers: [], count: count, used: used, width: number("expert_feed_forward_length"))
                ]
            }
            return
        }
        layers = configuration.layers
        width = configuration.width
        vocabulary = configuration.vocabulary
        trainedContext = configuration.trainedContext
        if !file.tensors.isEmpty {
            tiedEmbedding = !ModelConfiguration.hasOwnHead { file.tensor(named: $0) != nil }
        }
        let traits = ModelTraits(configuration) { file.tensor(named: $0) != nil }
        scalings = traits.scalings.map { Scaling($0) }
        attention = traits.attentions.map {
            Attention(
                layers: $0.layers, heads: $0.heads, keyValueHeads: $0.keyValueHeads, keySize: $0.keySize,
                valueSize: $0.valueSize, latentSize: $0.latentSize)
        }
        windows = traits.windows.map { Window(layers: $0.layers, positions: $0.positions) }
        layersWithoutPositions = traits.unrotatedLayers
        undividedLayers = configuration.undividedLayers.map { Array($0) }
        experts = traits.experts.map {
            Experts(layers: $0.layers, count: $0.count, used: $0.used, width: $0.width, sharedWidth: $0.sharedWidth)
        }
    }
}

extension InspectShape.Scaling {
    init(_ scaling: ModelTraits.Scaling) {
        switch scaling {
        case .linear(let factor): (type, self.factor) = ("linear", factor)
        case .yarn(let factor, let original): (type, self.factor, originalContext) = ("yarn", factor, original)
        case .longrope(let original): (type, originalContext) = ("longrope", original)
        case .frequencies: type = "llama3"
        }
    }
}

/// What a sequence keeps.
struct InspectCache: Encodable {
    struct Size: Encodable {
        /// The value of `--kv-type`.
        var type: String
        var bytesPerPosition: Int
        /// For `context` positions; layers with a window keep no more than that needs.
        var bytes: Int
    }

    /// 8,192 positions, or what the model was trained for where that is less.
    var context: Int
    /// By the types that the model can have.
    var sizes: [Size]
    /// Why it cannot have a smaller one.
    var q8Problem: String?

    init(_ configuration: ModelConfiguration) {
        let context = min(8192, configuration.trainedContext)
        self.context = context
        func size(_ name: String, _ type: KeyValueType) -> Size {
            Size(
                type: name,
                bytesPerPosition: (0..<configuration.layers).reduce(0) {
                    $0 + configuration.keyValueBytesPerPosition(layer: $1, compute: .int8, keyValueType: type)
                }, bytes: configuration.keyValueBytes(positions: context, keyValueType: type))
        }
        sizes = [size("f16", .standard)]
        do throws(ModelError) {
            try configuration.check(.q8_0, compute: .int8)
            sizes.append(size("q8_0", .q8_0))
        } catch {
            q8Problem = error.message
        }
    }
}
