import NIOCore
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A second descriptor of a channel's socket, to write to from other threads than the event loop.
///
/// To wake the loop for a frame costs more than to write it. The descriptor is a duplicate, so that it is this socket's as long as this
/// value lives, whatever the channel does; the connection ends with the last of both. Its owner sees to it that nothing else is written
/// meanwhile, and that it goes when the channel closes.
struct DirectSocket: ~Copyable, Sendable {
    private let descriptor: CInt

    /// Of a channel without TLS; on its event loop.
    ///
    /// - Returns: nil where the channel has no socket, or the process no descriptor left.
    init?(of channel: any Channel) {
        let duplicate = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { socket in
            fcntl(socket, F_DUPFD_CLOEXEC, 0)
        }
        guard let duplicate, duplicate >= 0 else { return nil }
        descriptor = duplicate
    }

    deinit { close(descriptor) }

    /// Writes what the system takes at once; never blocks.
    ///
    /// - Returns: the bytes that were taken, from the frame's first on; 0 too where the connection is broken, which the channel finds out.
    func write(_ frame: FrameEncoder.Encoded) -> Int {
        frame.head.withUnsafeReadableBytes { head in
            guard let bulk = frame.bulk else { return send([head]) }
            return bulk.withUnsafeReadableBytes { send([head, $0]) }
        }
    }

    private func send(_ parts: [UnsafeRawBufferPointer]) -> Int {
        let vectors = parts.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        // The channel has made the socket non-blocking, and a broken pipe no signal.
        return max(0, writev(descriptor, vectors, CInt(vectors.count)))
    }
}

extension FrameEncoder.Encoded {
    /// What is left of it behind its first bytes.
    func dropping(_ bytes: Int) -> FrameEncoder.Encoded {
        var rest = self
        let fromHead = min(bytes, head.readableBytes)
        rest.head.moveReaderIndex(forwardBy: fromHead)
        rest.bulk?.moveReaderIndex(forwardBy: bytes - fromHead)
        return rest
    }
}
