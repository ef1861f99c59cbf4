import CWireProto

/// What a stage computes, in this order: the embedding, layers `firstLayer..<lastLayer`, the final norm and head.
package struct StageRange: Sendable, Hashable {
    /// Whether the stage turns token ids into rows.
    package var embedding: Bool
    /// The first layer.
    package var firstLayer: UInt32
    /// One more than the last layer.
    package var lastLayer: UInt32
    /// Whether the stage turns rows into logits.
    package var head: Bool

    package init(embedding: Bool = false, firstLayer: UInt32, lastLayer: UInt32, head: Bool = false) {
        self.embedding = embedding
        self.firstLayer = firstLayer
        self.lastLayer = lastLayer
        self.head = head
    }

    /// The layers.
    ///
    /// - Precondition: `firstLayer <= lastLayer`, which holds for every range that came over a link.
    package var layers: Range<Int> { Int(firstLayer)..<Int(lastLayer) }
}

extension StageRange {
    init(_ pointer: UnsafeMutablePointer<Shoal__StageRange>?, _ field: StaticString) throws(WireError) {
        guard let proto = pointer?.pointee else { throw WireError(.valueOutOfRange, "\(field): missing") }
        embedding = proto.embedding != 0
        firstLayer = proto.first_layer
        lastLayer = proto.last_layer
        head = proto.head != 0
        try validate(field)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StageRange> {
        try validate("StageRange")
        let proto = arena.make(shoal__stage_range__init)
        proto.pointee.embedding = embedding ? 1 : 0
        proto.pointee.first_layer = firstLayer
        proto.pointee.last_layer = lastLayer
        proto.pointee.head = head ? 1 : 0
        return proto
    }

    private func validate(_ field: StaticString) throws(WireError) {
        guard firstLayer <= lastLayer, lastLayer <= WireLimits.layers else {
            throw WireError(.valueOutOfRange, "\(field): layers \(firstLayer)..<\(lastLayer) are not a range of layers")
        }
        guard embedding || head || firstLayer < lastLayer else {
            throw WireError(.valueOutOfRange, "\(field): computes nothing")
        }
    }
}
