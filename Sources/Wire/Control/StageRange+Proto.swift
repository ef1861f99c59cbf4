import CWireProto
import ModelParts

extension StageRange {
    init(_ pointer: UnsafeMutablePointer<Shoal__StageRange>?, _ field: StaticString) throws(WireError) {
        guard let proto = pointer?.pointee else { throw WireError(.valueOutOfRange, "\(field): missing") }
        let (first, last) = (proto.first_layer, proto.last_layer)
        guard first <= last else {
            throw WireError(.valueOutOfRange, "\(field): layers \(first)..<\(last) are not a range of layers")
        }
        self.init(embedding: proto.embedding != 0, layers: Int(first)..<Int(last), head: proto.head != 0)
        try validate(field)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StageRange> {
        try validate("StageRange")
        let proto = arena.make(shoal__stage_range__init)
        proto.pointee.embedding = embedding ? 1 : 0
        proto.pointee.first_layer = UInt32(layers.lowerBound)
        proto.pointee.last_layer = UInt32(layers.upperBound)
        proto.pointee.head = head ? 1 : 0
        return proto
    }

    private func validate(_ field: StaticString) throws(WireError) {
        guard layers.lowerBound >= 0, layers.upperBound <= Int(WireLimits.layers) else {
            throw WireError(.valueOutOfRange, "\(field): layers \(layers) are not a range of layers")
        }
        guard embedding || head || !layers.isEmpty else {
            throw WireError(.valueOutOfRange, "\(field): computes nothing")
        }
    }
}
