#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Small files that nobody but their owner may read. May block.
enum PrivateFile {
    private static let mostBytes = 1 << 20

    /// - Throws: `IdentityError`: missing or unreadable.
    static func read(_ path: String) throws(IdentityError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code: IdentityError.Code = errno == ENOENT ? .missing : .unreadable
            throw IdentityError(code, "\(path) cannot be read: \(reason())")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = readSome(descriptor, &piece)
            guard count >= 0, bytes.count + count <= mostBytes else {
                throw IdentityError(.unreadable, "\(path) cannot be read: \(count < 0 ? reason() : "it is too large")")
            }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// Writes a file that is whole or not there, and makes its folder where that is missing; both for their owner alone.
    ///
    /// - Throws: `IdentityError` (unwritable).
    static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(IdentityError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try makeFolder(folder)
        removeDrafts(of: path, in: folder)
        // Of this process's own: another one may be writing the same file.
        let draft = "\(path)\(draftMark)\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw unwritable(path) }
        // One that was left behind may have had other rights.
        let isWritten =
            fchmod(descriptor, 0o600) == 0 && writeAll(Array(bytes), to: descriptor) && fsync(descriptor) == 0
        let error = unwritable(path)
        close(descriptor)
        guard isWritten else {
            unlink(draft)
            throw error
        }
        guard rename(draft, path) == 0 else {
            let error = unwritable(path)
            unlink(draft)
            throw error
        }
        keepNames(folder)
    }

    /// What is between a file's name and the number of the process that writes it anew.
    private static let draftMark = ".new-"

    /// Removes what processes left behind that ended while they wrote.
    private static func removeDrafts(of path: String, in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let draft = "\(folder)/\(name)"
            guard draft.hasPrefix(path + draftMark), let process = pid_t(draft.dropFirst((path + draftMark).count)),
                kill(process, 0) != 0, errno == ESRCH
            else { continue }
            unlink(draft)
        }
    }

    /// Has the new name of a file on the disk, where that can be had: some file systems do not know such a wish.
    private static func keepNames(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    /// Removes a file that may be there.
    ///
    /// - Throws: `IdentityError` (unwritable).
    static func remove(_ path: String) throws(IdentityError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw unwritable(path) }
    }

    /// Makes a folder for its owner alone, and those above it.
    ///
    /// - Throws: `IdentityError` (unwritable).
    static func makeFolder(_ path: String) throws(IdentityError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let parent = path.lastIndex(of: "/"), parent != path.startIndex {
            try makeFolder(String(path[..<parent]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        }
        throw IdentityError(
            .unwritable, "the folder \(path) cannot be made: \(reason()); choose another with --data-dir")
    }

    private static func readSome(_ descriptor: CInt, _ piece: inout [UInt8]) -> Int {
        while true {
            let count = systemRead(descriptor, &piece, piece.count)
            if count >= 0 || errno != EINTR { return count }
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// What a call of the system that failed just now means for a file.
    static func unwritable(_ path: String) -> IdentityError {
        IdentityError(.unwritable, "\(path) cannot be written: \(reason()); check --data-dir and the room on the disk")
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}

/// The system's calls, which the names above hide.
private func systemRead(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}

private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
