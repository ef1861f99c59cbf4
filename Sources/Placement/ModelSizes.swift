/// Weights of one element type within a part of a model.
package struct WeightBytes: Sendable, Hashable {
    /// The type's number in GGUF files.
    package let elementType: UInt32
    /// Elements of that type.
    package let elements: Int
    /// Bytes that they take.
    package let bytes: Int

    /// Counts weights of one type.
    package init(elementType: UInt32, elements: Int, bytes: Int) {
        self.elementType = elementType
        self.elements = elements
        self.bytes = bytes
    }
}

/// The weights of a layer, of the embedding or of the head.
package struct PartSize: Sendable, Hashable {
    /// By element type, each once.
    package let weights: [WeightBytes]
    /// Bytes of all of them; `Int.max` where they are more.
    package let bytes: Int

    /// Sums weights up by their types.
    package init(_ weights: [WeightBytes]) {
        var byType: [WeightBytes] = []
        for one in weights {
            if let index = byType.firstIndex(where: { $0.elementType == one.elementType }) {
                byType[index] = WeightBytes(
                    elementType: one.elementType, elements: saturatingSum(byType[index].elements, one.elements),
                    bytes: saturatingSum(byType[index].bytes, one.bytes))
            } else {
                byType.append(one)
            }
        }
        self.weights = byType
        bytes = byType.reduce(0) { saturatingSum($0, $1.bytes) }
    }
}

/// What the parts of a model take in memory, and what its steps carry.
package struct ModelSizes: Sendable, Hashable {
    /// The weights of each layer, `[layers]`.
    package var layers: [PartSize]
    /// The token embedding.
    package var embedding: PartSize
    /// The final norm and the output matrix, standing alone.
    package var head: PartSize
    /// Whether the output matrix is the embedding: one device with both holds it once.
    package var tiedEmbedding: Bool
    /// Elements of an activation row.
    package var width: Int
    /// Logits of a row.
    package var vocabulary: Int
    /// Bytes of keys and values per position and layer.
    package var keyValueBytesPerPositionPerLayer: Int
    /// The same with a q8_0 cache; nil where that is what is asked for, or the model cannot have one.
    package var smallKeyValueBytesPerPositionPerLayer: Int?
    /// Bytes of buffers on a device that holds any stage.
    package var scratchBytes: Int

    /// Describes a model.
    package init(
        layers: [PartSize], embedding: PartSize, head: PartSize, tiedEmbedding: Bool, width: Int, vocabulary: Int,
        keyValueBytesPerPositionPerLayer: Int, smallKeyValueBytesPerPositionPerLayer: Int? = nil, scratchBytes: Int
    ) {
        self.layers = layers
        self.embedding = embedding
        self.head = head
        self.tiedEmbedding = tiedEmbedding
        self.width = width
        self.vocabulary = vocabulary
        self.keyValueBytesPerPositionPerLayer = keyValueBytesPerPositionPerLayer
        self.smallKeyValueBytesPerPositionPerLayer = smallKeyValueBytesPerPositionPerLayer
        self.scratchBytes = scratchBytes
    }

    /// Weight bytes that the head adds to a device.
    func headBytes(besideEmbedding: Bool) -> Int {
        besideEmbedding && tiedEmbedding ? max(0, head.bytes - embedding.bytes) : head.bytes
    }

    /// Weight bytes of the embedding and the head on a device that holds the ones named.
    func endBytes(embedding holdsEmbedding: Bool, head holdsHead: Bool) -> Int {
        (holdsEmbedding ? embedding.bytes : 0) + (holdsHead ? headBytes(besideEmbedding: holdsEmbedding) : 0)
    }
}

private func saturatingSum(_ one: Int, _ other: Int) -> Int {
    let (sum, overflow) = one.addingReportingOverflow(other)
    return overflow ? .max : sum
}
