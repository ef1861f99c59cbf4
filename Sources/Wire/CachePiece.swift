package import NIOCore

/// One page of a sequence's key-value cache, of one layer: 64 positions, as `CKernels/ARITHMETIC.md` lays them out.
package struct CachePiece: Sendable, Hashable {
    /// The bytes before the data in a piece's payload.
    package static let headerBytes = 24

    /// The placement of the stage that it comes from.
    package var epoch: UInt32
    /// The index of travel of that stage.
    package var stage: UInt32
    /// The sequence.
    package var sequence: UInt32
    /// The layer, by its number in the model.
    package var layer: UInt32
    /// The page: positions `64 * page ..< 64 * (page + 1)`.
    package var page: UInt32
    /// How often the sequence was shortened since it began.
    package var trims: UInt32
    /// The page's bytes of the layer.
    package var bytes: ByteBuffer

    package init(
        epoch: UInt32, stage: UInt32, sequence: UInt32, layer: UInt32, page: UInt32, trims: UInt32, bytes: ByteBuffer
    ) {
        self.epoch = epoch
        self.stage = stage
        self.sequence = sequence
        self.layer = layer
        self.page = page
        self.trims = trims
        self.bytes = bytes
    }
}

extension CachePiece {
    /// - Throws: `WireError` when the payload is not a piece of a cache.
    init(payload: ByteBuffer, limits: FrameLimits) throws(WireError) {
        var payload = payload
        guard let epoch: UInt32 = payload.readInteger(endianness: .little),
            let stage: UInt32 = payload.readInteger(endianness: .little),
            let sequence: UInt32 = payload.readInteger(endianness: .little),
            let layer: UInt32 = payload.readInteger(endianness: .little),
            let page: UInt32 = payload.readInteger(endianness: .little),
            let trims: UInt32 = payload.readInteger(endianness: .little)
        else {
            throw WireError(.malformedPayload, "cache piece: shorter than its header of \(Self.headerBytes) bytes")
        }
        self.init(
            epoch: epoch, stage: stage, sequence: sequence, layer: layer, page: page, trims: trims, bytes: payload)
        try validate(limits: limits)
    }

    func validate(limits: FrameLimits) throws(WireError) {
        guard bytes.readableBytes > 0 else { throw WireError(.malformedPayload, "cache piece: no data") }
        guard bytes.readableBytes <= limits.cacheBytes else {
            throw WireError(
                .tooLarge, "cache piece: \(bytes.readableBytes) bytes; the link takes up to \(limits.cacheBytes)")
        }
        guard layer < WireLimits.layers, page < WireLimits.pages else {
            throw WireError(.malformedPayload, "cache piece: page \(page) of layer \(layer) is out of range")
        }
    }

    func writeHeader(into buffer: inout ByteBuffer) {
        for field in [epoch, stage, sequence, layer, page, trims] {
            buffer.writeInteger(field, endianness: .little)
        }
    }
}
