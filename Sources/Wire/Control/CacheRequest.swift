import CWireProto

/// Asks a worker for pages of a sequence's cache; the answer is cache pieces, page by page and each layer by layer.
package struct CacheRequest: Sendable, Hashable {
    /// The placement of the stage that has it.
    package var epoch: UInt32
    /// Its index of travel.
    package var stage: UInt32
    /// The sequence.
    package var sequence: UInt32
    /// The layers, by their numbers in the model.
    package var layers: Range<UInt32>
    /// The pages, of 64 positions each.
    package var pages: Range<UInt32>

    package init(epoch: UInt32, stage: UInt32, sequence: UInt32, layers: Range<UInt32>, pages: Range<UInt32>) {
        self.epoch = epoch
        self.stage = stage
        self.sequence = sequence
        self.layers = layers
        self.pages = pages
    }
}

extension CacheRequest {
    init(_ proto: Shoal__CacheRequest) throws(WireError) {
        epoch = proto.epoch
        stage = proto.stage
        sequence = proto.sequence
        layers = try ProtoReading.bounds(
            proto.first_layer, proto.last_layer, limit: WireLimits.layers, "CacheRequest.layers")
        pages = try ProtoReading.bounds(
            proto.first_page, proto.last_page, limit: WireLimits.pages, "CacheRequest.pages")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__CacheRequest> {
        let proto = arena.make(shoal__cache_request__init)
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.sequence = sequence
        proto.pointee.first_layer = layers.lowerBound
        proto.pointee.last_layer = layers.upperBound
        proto.pointee.first_page = pages.lowerBound
        proto.pointee.last_page = pages.upperBound
        return proto
    }
}
