import Glibc
import NIOCore
import Wire

/// A connection to a port of loopback that obeys no protocol: bytes out, frames in. Used by one thread at a time, but for `close`.
final class PeerSocket: @unchecked Sendable {
    private let file: CInt
    private var decoder = FrameDecoder()
    private var buffer = ByteBuffer()
    /// Whether nothing can be sent any more: the peer has closed, or has not read for too long.
    private(set) var isStuck = false
    private(set) var hasEnded = false
    /// Why reading or writing failed, where it did.
    private var failure: CInt = 0

    /// Takes over an open file.
    init(file: CInt) {
        self.file = file
        var on: CInt = 1
        setsockopt(file, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Connects; nil where nobody listens.
    convenience init?(port: UInt16) {
        let file = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard file >= 0 else { return nil }
        let isConnected = Self.withAddress(port) { connect(file, $0, $1) == 0 }
        guard isConnected else {
            Self.closeFile(file)
            return nil
        }
        self.init(file: file)
    }

    deinit { Self.closeFile(file) }

    private static func closeFile(_ file: CInt) { _ = Glibc.close(file) }

    static func withAddress<Result>(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// How the connection stands, for who misses something.
    var end: String {
        let state =
            hasEnded ? "the peer has closed the connection" : isStuck ? "nothing can be sent" : "the connection is open"
        return failure == 0 ? state : "\(state) (\(String(cString: strerror(failure))))"
    }

    /// Ends the connection; whoever reads it sees the end.
    func close() { _ = shutdown(file, CInt(SHUT_RDWR)) }

    /// Sends bytes, waiting so long for a peer that does not read.
    ///
    /// - Returns: whether all were sent.
    @discardableResult
    func send(_ bytes: [UInt8], milliseconds: CInt) -> Bool {
        var sent = 0
        while sent < bytes.count, !isStuck {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    file, $0.baseAddress! + sent, bytes.count - sent,
                    CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            if count > 0 {
                sent += count
            } else {
                let reason = errno
                if reason != EINTR, reason != EAGAIN || !isReady(for: CInt(POLLOUT), milliseconds) {
                    isStuck = true
                    failure = reason
                }
            }
        }
        return sent == bytes.count
    }

    /// The next frame; nil where none comes in time, the peer has closed, or what it sends are no frames.
    func next(milliseconds: CInt) -> Frame? {
        while true {
            if let frame = try? decoder.decode(buffer: &buffer) { return frame }
            buffer.discardReadBytes()
            guard read(milliseconds) else { return nil }
        }
    }

    /// Takes whatever has come, up to a mebibyte.
    func drain() { for _ in 0..<16 { guard read(0) else { return } } }

    /// The bytes of the next frame, whatever is in it; nil at the end.
    func nextBytes() -> [UInt8]? {
        while true {
            if buffer.readableBytes >= FrameMutation.headerBytes,
                let length: UInt32 = buffer.getInteger(at: buffer.readerIndex + 8, endianness: .little),
                let bytes = buffer.readBytes(length: FrameMutation.headerBytes + Int(length))
            {
                buffer.discardReadBytes()
                return bytes
            }
            guard read(-1) else { return nil }
        }
    }

    /// What has come, as it is; nil at the end.
    func anyBytes() -> [UInt8]? {
        guard read(-1) else { return nil }
        return buffer.readBytes(length: buffer.readableBytes)
    }

    private func read(_ milliseconds: CInt) -> Bool {
        guard !hasEnded, isReady(for: CInt(POLLIN), milliseconds) else { return false }
        let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 64 << 10) {
            let count = recv(file, $0.baseAddress!, $0.count, 0)
            if count < 0 { failure = errno }
            return max(0, count)
        }
        hasEnded = count == 0
        return count > 0
    }

    private func isReady(for events: CInt, _ milliseconds: CInt) -> Bool {
        var waiting = pollfd(fd: file, events: Int16(events), revents: 0)
        return poll(&waiting, 1, milliseconds) > 0
    }
}
