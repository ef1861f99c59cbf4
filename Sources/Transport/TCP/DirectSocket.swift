import NIOCore
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A second descriptor of a channel's socket, to write to and to read from on other threads than the event loop.
///
/// To wake the loop for a frame costs more than to write it, and to be woken by it more than to read. The descriptor is a duplicate, so that it is this socket's as long as this
/// value lives, whatever the channel does; the connection ends with the last of both. Its owner sees to it that nothing else writes, or
/// reads, meanwhile, and that it goes when the channel closes.
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

    /// Reads what is there; never blocks.
    ///
    /// - Returns: the bytes that were read; 0 where there are none, the peer has ended or the connection is broken.
    func read(_ room: UnsafeMutableRawBufferPointer) -> Int {
        max(0, recv(descriptor, room.baseAddress, room.count, 0))
    }

    /// Waits until there is something to read, or at another descriptor, or for so long.
    func wait(or other: CInt?, milliseconds: CInt) -> LentReading.Arrival {
        withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { waited in
            waited.initializeElement(at: 0, to: pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            // A negative one is passed over.
            waited.initializeElement(at: 1, to: pollfd(fd: other ?? -1, events: Int16(POLLIN), revents: 0))
            guard poll(waited.baseAddress, 2, milliseconds) > 0 else { return .nothing }
            return waited[1].revents != 0 ? .interruption : .bytes
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
