package import Tensors

/// What one layer is: a mixer, which looks at other positions, and a network, each between norms, with the residual stream around both.
package struct LayerShape: Sendable, Hashable {
    /// The norms around the mixer and the network.
    package var norms: BlockNorms
    /// What looks at other positions.
    package var mixer: MixerShape
    /// What looks at one position.
    package var network: NetworkShape
    /// What the mixer and the network give is multiplied by this before it is added to the stream.
    package var residualScale: Float = 1
    /// What of the token's own input for this layer is added after the network.
    package var tokenInput: TokenInputShape?
    /// Whether the file has a number that the stream is multiplied by at the layer's end.
    package var hasOutputScale = false

    package init(norms: BlockNorms, mixer: MixerShape, network: NetworkShape) {
        self.norms = norms
        self.mixer = mixer
        self.network = network
    }
}

/// A row that each layer gets of each token, beside the stream: x + norm(projection(function(gate(x)) · row)).
package struct TokenInputShape: Sendable, Hashable {
    /// Elements of the row.
    package var width: Int
    package var function: GateFunction
    package var norm: NormShape
}

/// A norm: its kind and what is added to the mean square or the variance.
package struct NormShape: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// x / rms(x) · weight (Zhang and Sennrich).
        case rms
        /// (x - mean) / deviation · weight + bias, where the file has a bias (Ba, Kiros and Hinton).
        case layer
    }

    package var kind: Kind
    package var epsilon: Float

    package init(_ kind: Kind, epsilon: Float) {
        self.kind = kind
        self.epsilon = epsilon
    }
}

/// Which norms a layer has.
package struct BlockNorms: Sendable, Hashable {
    package enum Place: Sendable, Hashable {
        /// Before the mixer and before the network: llama.
        case before
        /// After each of them, before the stream: OLMo 2.
        case after
        /// Before and after: Gemma.
        case around
        /// One, before both: mixer and network take the same rows, and both are added to the stream.
        case parallel
    }

    package var shape: NormShape
    package var place: Place
    /// Whether the norm before the network has the name that other architectures give to the one after attention: gpt-oss.
    package var networkNormIsPostAttention = false

    package init(_ shape: NormShape, _ place: Place) {
        self.shape = shape
        self.place = place
    }
}

/// What of a layer looks at other positions. A new kind names what a sequence keeps for it (`state`).
package enum MixerShape: Sendable, Hashable {
    /// Attention with keys and values of heads.
    case attention(AttentionShape)
    /// Attention whose keys and values are one latent row of all heads.
    case latent(LatentShape)

    /// The layer whose cache it reads in place of its own.
    var sharedLayer: Int? {
        switch self {
        case .attention(let attention): attention.sharedLayer
        case .latent: nil
        }
    }

    var rope: RopeShape? {
        switch self {
        case .attention(let attention): attention.rope
        case .latent(let latent): latent.rope
        }
    }

    /// What a sequence keeps of each position.
    var cache: CacheShape {
        switch self {
        case .attention(let attention):
            CacheShape(
                heads: attention.sharedLayer == nil ? attention.keyValueHeads : 0, keySize: attention.keySize,
                valueSize: attention.valueSize,
                window: attention.window)
        case .latent(let latent):
            CacheShape(heads: 1, keySize: latent.keySize, valueSize: latent.latentSize, window: nil)
        }
    }
}

/// What a sequence keeps of each position of a layer: keys and values.
package struct CacheShape: Sendable, Hashable {
    /// None in a layer that reads what another one keeps.
    package var heads: Int
    package var keySize: Int
    package var valueSize: Int
    /// Positions that a row sees, its own among them; nil is all.
    package var window: Int?
}

/// Attention (Vaswani et al.) with grouped heads (Ainslie et al., "GQA").
package struct AttentionShape: Sendable, Hashable {
    /// How queries and keys are normed before they are rotated.
    package enum QueryKeyNorm: Sendable, Hashable {
        case none
        /// Each head, all with the same weights `[keySize]`.
        case head(NormShape)
        /// Each head with its own weights `[keySize, heads]`.
        case eachHead(NormShape)
        /// All heads as one row.
        case row(NormShape)
    }

    /// Queries at far positions are multiplied by 1 + scale · ln(1 + floor(position / positions)).
    package struct Temperature: Sendable, Hashable {
        package var scale: Float
        package var positions: Int
    }

    /// Query heads.
    package var heads: Int
    /// Key-value heads; divides `heads`.
    package var keyValueHeads: Int
    /// Elements of a query or key of one head.
    package var keySize: Int
    /// Elements of a value of one head.
    package var valueSize: Int
    /// How positions enter; nil is not at all.
    package var rope: RopeShape?
    /// Scores are multiplied by this.
    package var scale: Float
    /// Positions that a row sees, its own among them; nil is all.
    package var window: Int?
    /// Where scores are capped softly.
    package var scoreCap: Float?
    package var queryKeyNorm = QueryKeyNorm.none
    /// Whether each query head has a score that goes to no position.
    package var hasSinks = false
    package var temperature: Temperature?
    /// How each head's values are normed, without weights.
    package var valueNorm: NormShape?
    /// Whether a file may lack the projection of values: these are the keys then, as they are before norm and rotation.
    package var mayTakeKeysAsValues = false
    /// The earlier layer whose keys and values it reads; nil for one with its own.
    package var sharedLayer: Int?

    /// Elements of all queries of a row.
    package var queryWidth: Int { heads * keySize }
    /// Elements of all keys of a row.
    package var keyWidth: Int { keyValueHeads * keySize }
    /// Elements of all values of a row.
    package var valueWidth: Int { keyValueHeads * valueSize }
    /// Elements of a row of attention's results.
    package var attendedWidth: Int { heads * valueSize }

    package init(
        heads: Int, keyValueHeads: Int, keySize: Int, valueSize: Int, rope: RopeShape?, scale: Float? = nil
    ) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.keySize = keySize
        self.valueSize = valueSize
        self.rope = rope
        // Division and square root are correctly rounded everywhere.
        self.scale = scale ?? 1 / Float(keySize).squareRoot()
    }
}

/// Multi-head latent attention (DeepSeek-V2, section 2.1). A position's keys and values of all heads follow from one latent row, which is all
/// that the cache holds: what makes keys of it is applied to the queries, and what makes values of it to the results.
package struct LatentShape: Sendable, Hashable {
    package var heads: Int
    /// Elements of the row that queries are made from; nil is the stream itself.
    package var queryRank: Int?
    /// Elements of the latent row.
    package var latentSize: Int
    /// Elements of a head's query that meet the latent row, before they are taken to its size.
    package var plainSize: Int
    /// Elements of a head's query that are rotated, and of the one key of all heads that they meet.
    package var rotatedSize: Int
    /// Elements of a head's result.
    package var valueSize: Int
    package var rope: RopeShape
    package var scale: Float
    /// Of the norms of latent and query rows.
    package var norm: NormShape

    /// Elements of a cached key.
    package var keySize: Int { latentSize + rotatedSize }
    /// Elements of a head's query as it is projected.
    package var querySize: Int { plainSize + rotatedSize }
    package var queryWidth: Int { heads * querySize }
    package var attendedWidth: Int { heads * valueSize }
}

/// A rotary position embedding of a layer.
package struct RopeShape: Sendable, Hashable {
    /// Tensors with a factor for each pair, which frequencies are divided by.
    package enum Factors: Sendable, Hashable {
        case none
        /// `rope_freqs.weight`, where the file has it.
        case frequencies
        /// `rope_factors_long.weight` for a context of more than so many positions, else `rope_factors_short.weight`.
        case longAndShort(over: Int)
    }

    package var base: Float
    /// Elements of a head that are rotated.
    package var dimensions: Int
    package var pairing: RotaryEmbedding.Pairing
    package var scaling = RopeScaling.linear(1)
    package var factors = Factors.none
    /// Cosines and sines are multiplied by this.
    package var magnitude: Float = 1

    package init(base: Float, dimensions: Int, pairing: RotaryEmbedding.Pairing) {
        self.base = base
        self.dimensions = dimensions
        self.pairing = pairing
    }
}

/// What of a layer looks at one position.
package enum NetworkShape: Sendable, Hashable {
    case dense(DenseShape)
    case experts(ExpertsShape)
    /// Both, of the same rows of the stream, each with norms of its own before and after; their sum is the network's result.
    case denseBesideExperts(DenseShape, ExpertsShape, NormShape)

    /// The experts among it.
    var experts: ExpertsShape? {
        switch self {
        case .dense: nil
        case .experts(let experts), .denseBesideExperts(_, let experts, _): experts
        }
    }
}

/// A network of two layers, or of three with a gate (Shazeer, "GLU Variants Improve Transformer").
package struct DenseShape: Sendable, Hashable {
    package enum Function: Sendable, Hashable {
        case gated(GateFunction)
        case plain(ActivationFunction)
    }

    /// Elements inside.
    package var width: Int
    package var function: Function

    package init(width: Int, function: Function = .gated(.silu)) {
        self.width = width
        self.function = function
    }
}

/// A mixture of experts: networks of which each row takes some (Shazeer et al., "Outrageously Large Neural Networks").
package struct ExpertsShape: Sendable, Hashable {
    /// A network that all rows take.
    package struct Shared: Sendable, Hashable {
        package var width: Int
        /// Whether its result is multiplied by the sigmoid of a product of the row.
        package var isGated: Bool
    }

    package var count: Int
    /// Experts that a row takes.
    package var used: Int
    /// Elements inside an expert.
    package var width: Int
    package var function = GateFunction.silu
    /// How scores become weights.
    package var weighting: ExpertChoice.Weighting
    /// Weights are multiplied by this.
    package var scale: Float = 1
    /// Groups of experts; nil where a row chooses among all.
    package var groups: ExpertChoice.Groups?
    package var shared: Shared?

    package init(count: Int, used: Int, width: Int, weighting: ExpertChoice.Weighting) {
        self.count = count
        self.used = used
        self.width = width
        self.weighting = weighting
    }
}
