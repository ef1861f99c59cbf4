package import NIOCore

/// Bytes to frames, for a `ByteToMessageHandler` or a `NIOSingleStepByteToMessageProcessor`.
///
/// Throws as soon as a byte cannot be right, and never waits for a payload that is above the limits. After it has thrown,
/// the stream has lost its place and must be closed. Payloads of steps and pieces are slices of what was read, no copies, unless they are a
/// small part of it: a frame that waits to be used holds about as much memory as it has bytes.
package struct FrameDecoder: NIOSingleStepByteToMessageDecoder {
    package typealias InboundOut = Frame

    /// Bytes that a payload may keep in memory whatever its length: as many as are read at a time from a link that is not busy.
    private static let sharedBytes = 32 << 10

    /// The limits for the frames still to come; may change between frames.
    package var limits: FrameLimits

    package init(limits: FrameLimits = FrameLimits()) {
        self.limits = limits
    }

    /// The next frame, or nil when it is not whole yet.
    ///
    /// - Throws: `WireError`.
    package mutating func decode(buffer: inout ByteBuffer) throws -> Frame? {
        guard let header = try FrameHeader.peek(buffer, limits: limits),
            buffer.readableBytes >= FrameHeader.byteCount + header.payloadBytes
        else { return nil }
        buffer.moveReaderIndex(forwardBy: FrameHeader.byteCount)
        guard var payload = buffer.readSlice(length: header.payloadBytes) else { return nil }
        if header.kind != .control, payload.storageCapacity > max(Self.sharedBytes, 4 * header.payloadBytes) {
            payload = ByteBufferAllocator().buffer(buffer: payload)
        }
        switch header.kind {
        case .control: return .control(try ControlMessage(payload: payload))
        case .step: return .step(try StepFrame(payload: payload, limits: limits))
        case .piece: return .piece(try ShardPiece(payload: payload, limits: limits))
        case .cache: return .cache(try CachePiece(payload: payload, limits: limits))
        }
    }

    /// The next frame of a stream that has ended.
    ///
    /// - Throws: `WireError` `truncated` when the stream ended within a frame.
    package mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> Frame? {
        if let frame = try decode(buffer: &buffer) { return frame }
        if buffer.readableBytes > 0 {
            throw WireError(.truncated, "the stream ended \(buffer.readableBytes) bytes into a frame")
        }
        return nil
    }
}
