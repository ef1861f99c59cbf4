import NIOCore

/// The sixteen bytes before every payload.
///
/// | bytes | field |
/// | --- | --- |
/// | 0..<4 | magic, `53 48 4f 4c` ("SHOL") |
/// | 4 | kind |
/// | 5 | flags, 0 |
/// | 6..<8 | reserved, 0 |
/// | 8..<12 | payload length, little-endian |
/// | 12..<16 | reserved, 0 |
///
/// No checksum: TCP has one and TLS will have a better one; a stream that lost its place meets eleven constant bytes.
struct FrameHeader: Equatable {
    enum Kind: UInt8, CaseIterable {
        case control = 1
        case step = 2
        case piece = 3
        case cache = 4
    }

    static let byteCount = 16
    static let magic: [UInt8] = [0x53, 0x48, 0x4f, 0x4c]

    var kind: Kind
    var payloadBytes: Int

    /// Reads the header at the buffer's reader index without moving it; nil when more bytes are needed.
    ///
    /// - Throws: `WireError` as soon as a byte shows that no frame of this version begins here.
    static func peek(_ buffer: ByteBuffer, limits: FrameLimits) throws(WireError) -> FrameHeader? {
        let view = buffer.readableBytesView
        guard view.prefix(magic.count).elementsEqual(magic.prefix(view.count)) else { throw foreign(view) }
        guard view.count >= byteCount else { return nil }

        let start = buffer.readerIndex
        guard let rawKind: UInt8 = buffer.getInteger(at: start + 4),
            let flags: UInt8 = buffer.getInteger(at: start + 5),
            let reserved: UInt16 = buffer.getInteger(at: start + 6, endianness: .little),
            let length: UInt32 = buffer.getInteger(at: start + 8, endianness: .little),
            let reservedWord: UInt32 = buffer.getInteger(at: start + 12, endianness: .little)
        else { return nil }
        guard let kind = Kind(rawValue: rawKind) else {
            throw WireError(
                .malformedHeader,
                "frame header: kind \(rawKind) is not one of 1 (control), 2 (step), 3 (piece), 4 (cache)")
        }
        guard flags == 0, reserved == 0, reservedWord == 0 else {
            throw WireError(
                .malformedHeader,
                "frame header: flags \(flags), reserved \(reserved) and \(reservedWord) must all be 0 in this version")
        }
        let limit = limits.payloadBytes(of: kind)
        guard length <= limit else {
            throw WireError(
                .tooLarge, "frame header: a \(kind) payload of \(length) bytes; this link takes up to \(limit)")
        }
        return FrameHeader(kind: kind, payloadBytes: Int(length))
    }

    func write(into buffer: inout ByteBuffer) {
        buffer.writeBytes(Self.magic)
        buffer.writeInteger(kind.rawValue)
        buffer.writeRepeatingByte(0, count: 3)
        buffer.writeInteger(UInt32(payloadBytes), endianness: .little)
        buffer.writeInteger(UInt32(0))
    }

    /// What the peer seems to speak, for the error.
    private static func foreign(_ view: ByteBufferView) -> WireError {
        let head = Array(view.prefix(8))
        let requests = ["GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN", "PRI "]
        let text = String(decoding: head.prefix(4), as: UTF8.self)
        if requests.contains(text) {
            return WireError(
                .notShoal, "an HTTP request came to a worker's port; the API is served by `shoal serve` on its own port"
            )
        }
        if text == "HTTP" {
            return WireError(.notShoal, "the peer answers in HTTP; give a worker's port (7077), not the API's")
        }
        // A record of TLS: an alert or a handshake.
        if head.count >= 2, head[0] == 0x15 || head[0] == 0x16, head[1] == 0x03 {
            return WireError(
                .notShoal,
                "the peer speaks TLS; this link is a plain one: leave out --insecure here, if this device is of its cluster"
            )
        }
        let digits = head.map { byte in
            let hexadecimal = String(byte, radix: 16)
            return hexadecimal.count == 1 ? "0" + hexadecimal : hexadecimal
        }
        return WireError(.notShoal, "bytes \(digits.joined(separator: " ")) where a Shoal frame should begin")
    }
}
