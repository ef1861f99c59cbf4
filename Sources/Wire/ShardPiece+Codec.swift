import NIOCore

extension ShardPiece {
    /// - Throws: `WireError` when the payload is not a piece within its shard.
    init(payload: ByteBuffer, limits: FrameLimits) throws(WireError) {
        var payload = payload
        guard let idBytes = payload.readBytes(length: ShardID.byteCount), let id = ShardID(idBytes),
            let offset: UInt64 = payload.readInteger(endianness: .little),
            let totalBytes: UInt64 = payload.readInteger(endianness: .little)
        else {
            throw WireError(
                .malformedPayload, "shard piece: shorter than its header of \(Self.headerBytes) bytes")
        }
        self.init(id: id, offset: offset, totalBytes: totalBytes, bytes: payload)
        try validate(limits: limits)
    }

    func validate(limits: FrameLimits) throws(WireError) {
        guard bytes.readableBytes > 0 else { throw WireError(.malformedPayload, "shard piece \(id): no data") }
        guard bytes.readableBytes <= limits.pieceBytes else {
            throw WireError(
                .tooLarge, "shard piece \(id): \(bytes.readableBytes) bytes; the link takes up to \(limits.pieceBytes)")
        }
        guard totalBytes <= WireLimits.shardBytes else {
            throw WireError(.tooLarge, "shard \(id): \(totalBytes) bytes; a shard has up to \(WireLimits.shardBytes)")
        }
        guard offset < totalBytes, UInt64(bytes.readableBytes) <= totalBytes - offset else {
            throw WireError(
                .malformedPayload,
                "shard piece \(id): \(bytes.readableBytes) bytes at \(offset) reach beyond the shard's \(totalBytes)")
        }
    }

    func writeHeader(into buffer: inout ByteBuffer) {
        buffer.writeBytes(id.bytes)
        buffer.writeInteger(offset, endianness: .little)
        buffer.writeInteger(totalBytes, endianness: .little)
    }
}
