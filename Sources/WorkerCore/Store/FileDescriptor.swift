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
        guard number >= 0 else { throw Self.failure(path, "opened") }
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
                guard written > 0 else { return Self.failure(path, "written") }
                rest = rest.dropFirst(written)
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Brings what was written to the disk.
    ///
    /// - Throws: `WorkerError`, as `write`.
    func synchronize() throws(WorkerError) {
        guard fsync(number) == 0 else { throw Self.failure(path, "synchronized") }
    }

    /// What the system's last error is in words: a disk without room may say so at any of its calls.
    private static func failure(_ path: String, _ deed: String) -> WorkerError {
        let isFull = errno == ENOSPC || errno == EDQUOT
        return WorkerError(
            isFull ? .storeFull : .internalError,
            "\(path) cannot be \(deed): \(lastSystemError())\(isFull ? "; free some disk space on this device" : "")")
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
func fileBytes(_ path: String) -> Int? { fileStatus(path)?.bytes }

/// What tells a file from others; `nil` when there is none.
func fileIdentity(_ path: String) -> FileIdentity? { fileStatus(path)?.identity }

/// Sets when a file was last used, in nanoseconds since 1970, and leaves alone when it was changed.
func setAccessTime(_ path: String, nanoseconds: Int64) {
    // UTIME_OMIT, which Swift does not import (Linux: <bits/stat.h>, Darwin: <sys/stat.h>).
    #if canImport(Darwin)
    let omit = -2
    #else
    let omit = (1 << 30) - 2
    #endif
    let times = [
        timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000)),
        timespec(tv_sec: 0, tv_nsec: omit),
    ]
    utimensat(AT_FDCWD, path, times, 0)
}

/// Bytes that this user may still write on the disk of a folder; very many where that is not known.
func diskBytesLeft(_ folder: String) -> Int {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return .max / 2 }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max / 2 : Int(clamping: bytes)
}
