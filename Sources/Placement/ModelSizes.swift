/// Weights of one element type within a part of a model.
package struct WeightBytes: Sendable, Hashable {
    /// Of how many experts they are, and how many of these a row takes.
    package struct Experts: Sendable, Hashable {
        package let count: Int
        package let used: Int

        package init(count: Int, used: Int) {
            self.count = count
            self.used = used
        }

        /// The share of the experts that some row of so many takes: the expected one, where rows choose independently and all experts alike.
        package func share(rows: Int) -> Double {
            guard count > 0, used < count else { return 1 }
            var left = 1.0
            let missed = 1 - Double(used) / Double(count)
            for _ in 0..<min(rows, 4096) where left > 1e-9 { left *= missed }
            return 1 - left
        }
    }

    /// The type's number in GGUF files.
    package let elementType: UInt32
    /// Elements of that type.
    package let elements: Int
    /// Bytes that they take.
    package let bytes: Int
    /// nil for weights that all rows take.
    package let experts: Experts?

    /// Counts weights of one type.
    package init(elementType: UInt32, elements: Int, bytes: Int, experts: Experts? = nil) {
        self.elementType = elementType
        self.elements = elements
        self.bytes = bytes
        self.experts = experts
    }

    /// Of so many rows, those that pass what is read: with experts each passes some of them.
    package func rowsPerPart(rows: Int) -> Int {
        guard let experts, rows > 0 else { return rows }
        let chosen = Double(experts.count) * experts.share(rows: rows)
        return max(1, Int((Double(rows) * Double(experts.used) / max(1, chosen)).rounded()))
    }

    /// Bytes of the experts that one row takes; 0 for weights that all rows take.
    package var bytesOfOneRow: Int {
        guard let experts, experts.count > 0 else { return 0 }
        let (each, rest) = bytes.quotientAndRemainder(dividingBy: experts.count)
        return min(bytes, (each + (rest > 0 ? 1 : 0)) * max(0, experts.used))
    }

    /// Bytes that a step of so many rows reads.
    package func bytesRead(rows: Int) -> Double { Double(bytes) * (experts?.share(rows: rows) ?? 1) }
}

/// The weights of a layer, of the embedding or of the head.
package struct PartSize: Sendable, Hashable {
    /// By element type, and those of experts apart from others; each once.
    package let weights: [WeightBytes]
    /// Bytes of all of them; `Int.max` where they are more.
    package let bytes: Int
    /// Bytes of those that belong to experts.
    package let expertBytes: Int
    /// Bytes of the experts that one row takes.
    package let expertBytesOfOneRow: Int

    /// Sums weights up by their types.
    package init(_ weights: [WeightBytes]) {
        var byType: [WeightBytes] = []
        for one in weights {
            if let index = byType.firstIndex(where: {
                $0.elementType == one.elementType && $0.experts == one.experts
            }) {
                byType[index] = WeightBytes(
                    elementType: one.elementType, elements: saturatingSum(byType[index].elements, one.elements),
                    bytes: saturatingSum(byType[index].bytes, one.bytes), experts: one.experts)
            } else {
                byType.append(one)
            }
        }
        self.weights = byType
        bytes = byType.reduce(0) { saturatingSum($0, $1.bytes) }
        expertBytes = byType.reduce(0) { $1.experts == nil ? $0 : saturatingSum($0, $1.bytes) }
        expertBytesOfOneRow = byType.reduce(0) { saturatingSum($0, $1.bytesOfOneRow) }
    }

    /// Bytes of experts that a step of so many rows is expected to read.
    package func expertBytesRead(rows: Int) -> Double {
        weights.reduce(0) { $1.experts == nil ? $0 : $0 + $1.bytesRead(rows: rows) }
    }
}

/// What a sequence keeps of each position in one layer: keys and values.
package struct StateSize: Sendable, Hashable {
    package var bytesPerPosition: Int
    /// The same with a q8_0 cache; nil where that is what is asked for, or the model cannot have one.
    package var smallBytesPerPosition: Int?
    /// Positions that rows see, and that steps read; nil is all.
    package var window: Int?

    package init(bytesPerPosition: Int, smallBytesPerPosition: Int? = nil, window: Int? = nil) {
        self.bytesPerPosition = bytesPerPosition
        self.smallBytesPerPosition = smallBytesPerPosition
        self.window = window
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
    /// Elements that a row carries more for each layer that it has still before it.
    package var sideWidth = 0
    /// Runs of layers that one device must hold together, apart from each other and rising.
    package var undivided: [Range<Int>] = []
    /// Logits of a row.
    package var vocabulary: Int
    /// What sequences keep in each layer, `[layers]`.
    package var states: [StateSize]
    /// Bytes of buffers on a device that holds any stage.
    package var scratchBytes: Int

    /// Describes a model.
    ///
    /// - Precondition: as many states as layers.
    package init(
        layers: [PartSize], embedding: PartSize, head: PartSize, tiedEmbedding: Bool, width: Int, vocabulary: Int,
        states: [StateSize], scratchBytes: Int
    ) {
        precondition(states.count == layers.count, "\(states.count) states of \(layers.count) layers")
        self.layers = layers
        self.embedding = embedding
        self.head = head
        self.tiedEmbedding = tiedEmbedding
        self.width = width
        self.vocabulary = vocabulary
        self.states = states
        self.scratchBytes = scratchBytes
    }

    /// Describes a model whose layers all keep the same.
    package init(
        layers: [PartSize], embedding: PartSize, head: PartSize, tiedEmbedding: Bool, width: Int, vocabulary: Int,
        keyValueBytesPerPositionPerLayer: Int, smallKeyValueBytesPerPositionPerLayer: Int? = nil, scratchBytes: Int
    ) {
        let state = StateSize(
            bytesPerPosition: keyValueBytesPerPositionPerLayer,
            smallBytesPerPosition: smallKeyValueBytesPerPositionPerLayer)
        self.init(
            layers: layers, embedding: embedding, head: head, tiedEmbedding: tiedEmbedding, width: width,
            vocabulary: vocabulary, states: Array(repeating: state, count: layers.count), scratchBytes: scratchBytes)
    }

    /// The same model with a q8_0 cache; nil where it cannot have one, or has it.
    var withSmallCaches: ModelSizes? {
        var model = self
        for index in states.indices {
            guard let small = states[index].smallBytesPerPosition else { return nil }
            model.states[index] = StateSize(bytesPerPosition: small, window: states[index].window)
        }
        return model
    }

    /// Elements of a row that goes to a device whose first layer this is.
    func rowWidth(before layer: Int) -> Int { width + (layers.count - layer) * sideWidth }

    /// Whether a codec takes the rows of every cut.
    func accepts(_ codec: RowCodec) -> Bool { codec.accepts(width: width) && codec.accepts(width: sideWidth) }

    /// Whether a device may begin with this layer.
    func mayCut(before layer: Int) -> Bool { !undivided.contains { $0.lowerBound < layer && layer < $0.upperBound } }

    /// The windows of its layers, ascending, each once.
    package var windows: [Int] { Set(states.compactMap(\.window)).sorted() }

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
