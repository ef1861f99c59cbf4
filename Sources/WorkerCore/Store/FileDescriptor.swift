import Formats
import NIOCore
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// An open file that closes itself.
final class FileDescriptor: Sendable {
    let number: Int32
    private let path: String

    /// - Throws: `WorkerError` naming the path and the system's reason.
    init(path: String, _ flags: Int32) throws(WorkerError) {
        number = open(path, flags | O_CLOEXEC, 0o600)
        self.path = path
        guard number >= 0 else { throw WorkerError(.internalError, "\(path) cannot be opened: \(lastSystemError())") }
    }

    deinit { if number >= 0 { close(number) } }

    /// Writes all bytes.
    ///
    /// - Throws: `WorkerError` (storeFull when the disk has no room).
    func write(_ bytes: ByteBuffer) throws(WorkerError) {
        let failure = bytes.withUnsafeReadableBytes { buffer -> WorkerError? in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = systemWrite(number, UnsafeRawBufferPointer(rebasing: rest))
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else {
                    let full = errno == ENOSPC || errno == EDQUOT
                    return WorkerError(
                        full ? .storeFull : .internalError,
                        "\(path) cannot be written: \(lastSystemError())\(full ? "; free some disk space on this device" : "")"
                    )
                }
                rest = rest.dropFirst(written)
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Brings what was written to the disk.
    func synchronize() throws(WorkerError) {
        guard fsync(number) == 0 else {
            throw WorkerError(.internalError, "\(path) cannot be synchronized: \(lastSystemError())")
        }
    }
}

private func systemWrite(_ number: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(number, bytes.baseAddress, bytes.count)
}

/// The system's words for the last error of this thread.
func lastSystemError() -> String { String(cString: strerror(errno)) }

/// Makes a folder and those above it.
func makeFolder(_ path: String) throws(WorkerError) {
    do {
        try Folder.make(path)
    } catch {
        throw WorkerError(.internalError, "\(error); give another with --data-dir")
    }
}

/// The size of a file in bytes; `nil` when there is none.
func fileBytes(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
}
