/// What part of the model a stage holds: embedding and head are placed like layers.
package struct StageRange: Sendable, Hashable {
    /// Whether the stage turns tokens into activations.
    package var embedding: Bool
    /// The transformer layers, possibly none.
    package var layers: Range<Int>
    /// Whether the stage makes logits (final norm and head).
    package var head: Bool

    /// Names a part.
    package init(embedding: Bool, layers: Range<Int>, head: Bool) {
        self.embedding = embedding
        self.layers = layers
        self.head = head
    }

    /// All of a model.
    package static func whole(_ configuration: ModelConfiguration) -> StageRange {
        StageRange(embedding: true, layers: 0..<configuration.layers, head: true)
    }
}

/// The arithmetic of a stage (`--compute`).
package enum ComputeMode: String, Sendable, Hashable, CaseIterable {
    /// Weights packed, activations quantized to int8 as they enter products of quantized weights, cache in float16.
    case int8
    /// The exact mode: weights dequantized to float32 in every product, activations and cache in float32.
    case f32
}

/// What the key-value cache of a stage holds (`--kv-type`).
package enum KeyValueType: String, Sendable, Hashable, CaseIterable {
    /// float16; in the exact mode float32.
    case standard
    /// int8 with a float16 scale for every 32 values of a head's key or value.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q8_0
}

/// One run of consecutive rows of one sequence in a batch.
package struct RowSpan: Sendable, Hashable {
    /// The sequence.
    package var sequence: UInt32
    /// The position of its first row.
    package var position: Int
    /// How many rows.
    package var count: Int

    /// Names a run of rows.
    package init(sequence: UInt32, position: Int, count: Int) {
        self.sequence = sequence
        self.position = position
        self.count = count
    }
}

/// What goes into a stage, one row for each position of the spans, in their order.
package enum StageInput {
    /// Token ids, for a stage with the embedding.
    case tokens(UnsafeBufferPointer<UInt32>)
    /// Activations `[rows, width]`, for the others.
    case activations(UnsafeBufferPointer<Float>)
}
