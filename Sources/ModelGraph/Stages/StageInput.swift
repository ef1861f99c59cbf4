package import ModelParts

extension StageRange {
    /// All of a model.
    package static func whole(_ configuration: ModelConfiguration) -> StageRange {
        StageRange(embedding: true, layers: 0..<configuration.layers, head: true)
    }
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
