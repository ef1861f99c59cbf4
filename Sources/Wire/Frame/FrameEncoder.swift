package import NIOCore

/// Frames to bytes.
package enum FrameEncoder {
    /// A frame as the bytes to write: a head, and the data that follows it without having been copied.
    package struct Encoded: Sendable {
        /// Frame header, and all of the payload that is not bulk data.
        package var head: ByteBuffer
        /// Activations or shard bytes: the frame's own buffer.
        package var bulk: ByteBuffer?

        /// The length of the frame in bytes.
        package var byteCount: Int { head.readableBytes + (bulk?.readableBytes ?? 0) }
    }

    /// Encodes a frame.
    ///
    /// - Throws: `WireError` when the frame is one that a peer with these limits would refuse.
    package static func encode(
        _ frame: Frame, limits: FrameLimits = FrameLimits(), allocator: ByteBufferAllocator = ByteBufferAllocator()
    ) throws(WireError) -> Encoded {
        switch frame {
        case .control(let message): try encode(message, limits: limits, allocator: allocator)
        case .step(let step): try encode(step, limits: limits, allocator: allocator)
        case .piece(let piece): try encode(piece, limits: limits, allocator: allocator)
        case .cache(let piece): try encode(piece, limits: limits, allocator: allocator)
        }
    }

    private static func encode(
        _ message: ControlMessage, limits: FrameLimits, allocator: ByteBufferAllocator
    ) throws(WireError) -> Encoded {
        try message.withProto { (envelope) throws(WireError) in
            let length = envelope.byteCount
            try check(length, limits.payloadBytes(of: .control), "control")
            var head = allocator.buffer(capacity: FrameHeader.byteCount + length)
            FrameHeader(kind: .control, payloadBytes: length).write(into: &head)
            envelope.pack(into: &head)
            return Encoded(head: head)
        }
    }

    private static func encode(
        _ step: StepFrame, limits: FrameLimits, allocator: ByteBufferAllocator
    ) throws(WireError) -> Encoded {
        try step.validate(limits: limits)
        let tableBytes = StepFrame.headerBytes + step.entries.count * StepEntry.byteCount
        let length = tableBytes + step.payload.readableBytes
        try check(length, limits.payloadBytes(of: .step), "step")
        var head = allocator.buffer(capacity: FrameHeader.byteCount + tableBytes)
        FrameHeader(kind: .step, payloadBytes: length).write(into: &head)
        step.writeHeaderAndTable(into: &head)
        return Encoded(head: head, bulk: step.payload.readableBytes == 0 ? nil : step.payload)
    }

    private static func encode(
        _ piece: ShardPiece, limits: FrameLimits, allocator: ByteBufferAllocator
    ) throws(WireError) -> Encoded {
        try piece.validate(limits: limits)
        let length = ShardPiece.headerBytes + piece.bytes.readableBytes
        try check(length, limits.payloadBytes(of: .piece), "piece")
        var head = allocator.buffer(capacity: FrameHeader.byteCount + ShardPiece.headerBytes)
        FrameHeader(kind: .piece, payloadBytes: length).write(into: &head)
        piece.writeHeader(into: &head)
        return Encoded(head: head, bulk: piece.bytes)
    }

    private static func encode(
        _ piece: CachePiece, limits: FrameLimits, allocator: ByteBufferAllocator
    ) throws(WireError) -> Encoded {
        try piece.validate(limits: limits)
        let length = CachePiece.headerBytes + piece.bytes.readableBytes
        try check(length, limits.payloadBytes(of: .cache), "cache")
        var head = allocator.buffer(capacity: FrameHeader.byteCount + CachePiece.headerBytes)
        FrameHeader(kind: .cache, payloadBytes: length).write(into: &head)
        piece.writeHeader(into: &head)
        return Encoded(head: head, bulk: piece.bytes)
    }

    private static func check(_ length: Int, _ limit: Int, _ kind: String) throws(WireError) {
        guard length <= limit else {
            throw WireError(.tooLarge, "a \(kind) payload of \(length) bytes; the link takes up to \(limit)")
        }
    }
}
