/// What part of a model a stage computes, in this order: the embedding, layers, the final norm and head. Embedding and head are placed like layers.
package struct StageRange: Sendable, Hashable {
    /// Whether the stage turns tokens into activations.
    package var embedding: Bool
    /// The transformer layers, possibly none.
    package var layers: Range<Int>
    /// Whether the stage makes logits (final norm and head).
    package var head: Bool

    /// Names a part.
    package init(embedding: Bool = false, layers: Range<Int>, head: Bool = false) {
        self.embedding = embedding
        self.layers = layers
        self.head = head
    }
}
