package import Formats

/// What a synthetic model's file is made from.
package struct ModelDimensions: Sendable {
    package var family: ModelFamily
    package var layers: Int
    package var width: Int
    package var feedForwardWidth: Int
    package var heads: Int
    package var keyValueHeads: Int
    /// Of queries, keys and values, where the file's metadata give it; nil: the width over the heads.
    package var explicitHeadSize: Int?
    package var vocabulary: Int
    package var context: Int
    package var ropeBase: Float
    /// By how much Llama 3.1 and later stretch the longest waves of the rotary embedding.
    package var ropeStretch: Float?
    package var normEpsilon: Float
    /// Whether the embedding is the output matrix too.
    package var tied: Bool
    /// Attention to the last positions only, in the layers that the architecture has it in.
    package var window: Window?
    package var scaling: Scaling?
    package var experts: Experts?

    package var headSize: Int { explicitHeadSize ?? width / heads }

    /// A sliding window.
    package struct Window: Sendable {
        package var positions: Int
        /// The base of the rotary embedding in layers that have the window, where it is another.
        package var ropeBase: Float?
    }

    /// How the rotary embedding is stretched to a longer context.
    package enum Scaling: Sendable {
        /// Not at all; the file gives the context all the same.
        case unscaled(originalContext: Int)
        case linear(factor: Float)
        case yarn(factor: Float, originalContext: Int, fast: Float, slow: Float)
    }

    /// A mixture of experts in place of each layer's feed-forward network.
    package struct Experts: Sendable {
        package var count: Int
        package var used: Int
        package var feedForwardWidth: Int
        /// The type of their weights where it is the model's own; nil: the type asked for.
        package var type: ElementType?
    }

    package init(
        _ family: ModelFamily, layers: Int, width: Int, feedForwardWidth: Int, heads: Int, keyValueHeads: Int,
        headSize: Int? = nil, vocabulary: Int, context: Int, ropeBase: Float = 10000, ropeStretch: Float? = nil,
        normEpsilon: Float = 1e-5, tied: Bool = false, window: Window? = nil, scaling: Scaling? = nil,
        experts: Experts? = nil
    ) {
        self.family = family
        self.layers = layers
        self.width = width
        self.feedForwardWidth = feedForwardWidth
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        explicitHeadSize = headSize
        self.vocabulary = vocabulary
        self.context = context
        self.ropeBase = ropeBase
        self.ropeStretch = ropeStretch
        self.normEpsilon = normEpsilon
        self.tied = tied
        self.window = window
        self.scaling = scaling
        self.experts = experts
    }
}
