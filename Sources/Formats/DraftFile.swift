#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Synchronization

/// A file that is written in order, and gets its name only when it is whole and on the disk.
///
/// Its space is reserved first. Until it is published it has a temporary name in the same folder, and its writer holds a lock on it: what
/// a process that died left behind has none, and is removed when the next draft is made there. Several processes may write the same
/// file at once; the last one's name stays.
///
/// It is written in whole pieces of 4 MiB at multiples of that, not through a mapping: so Linux keeps it in large pages, and maps it in
/// such, where a file system can. Pages that are made by writing to a mapping are of 4 KiB, and reading weights in them is slower by a tenth.
///
/// Thread safety: none.
package final class DraftFile {
    /// The path that it will have.
    package let path: String
    private let byteCount: Int
    private let temporary: TemporaryName
    /// What is not written yet: the first `pending` bytes.
    private var staging = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * piece, alignment: 64)
    private var pending = 0
    private var written = 0

    static let suffix = ".draft"
    /// Bytes that are written at a time.
    private static let piece = 4 << 20
    private static let count = Atomic<Int>(0)

    /// A file under a name that goes when this does.
    private final class TemporaryName {
        let path: String
        let descriptor: CInt
        var isRenamed = false

        init(path: String, descriptor: CInt) {
            self.path = path
            self.descriptor = descriptor
        }

        deinit {
            if !isRenamed { unlink(path) }
            close(descriptor)
        }
    }

    /// Reserves `byteCount` bytes (at least one), making the folder.
    ///
    /// - Throws: `FileError`: `full` when there is no room, `system` for all other reasons.
    package init(path: String, byteCount: Int) throws(FileError) {
        precondition(byteCount > 0, "a draft of \(byteCount) bytes")
        self.path = path
        self.byteCount = byteCount
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        if !folder.isEmpty { try Folder.make(folder) }
        Self.removeLeftovers(in: folder.isEmpty ? "/" : folder)
        let name = "\(path).\(getpid())-\(Self.count.add(1, ordering: .relaxed).newValue)\(Self.suffix)"
        let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.error(path, "cannot be made", errno) }
        temporary = TemporaryName(path: name, descriptor: descriptor)
        // Where there are no locks nobody can take the file for a leftover either.
        _ = flock(descriptor, LOCK_EX | LOCK_NB)
        let failure = Self.reserve(descriptor, byteCount)
        guard failure == 0 else { throw Self.error(path, "\(byteCount) bytes cannot be reserved", failure) }
    }

    deinit { staging.deallocate() }

    /// Bytes that were appended.
    package var count: Int { written + pending }

    /// Appends `count` zeros that `fill` may overwrite; they are not to be used after it returns.
    ///
    /// - Precondition: not more in all than were reserved.
    /// - Throws: `FileError` when bytes cannot be written.
    package func append(_ count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void = { _ in }) throws(FileError) {
        precondition(
            count >= 0 && count <= byteCount - self.count, "\(count) bytes after \(self.count) of \(byteCount)")
        if count > staging.count - pending {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: pending + count, alignment: 64)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: staging[..<pending]))
            staging.deallocate()
            staging = larger
        }
        let room = UnsafeMutableRawBufferPointer(rebasing: staging[pending..<pending + count])
        room.initializeMemory(as: UInt8.self, repeating: 0)
        fill(room)
        pending += count
        let whole = pending / Self.piece * Self.piece
        guard whole > 0 else { return }
        try write(whole)
        staging.copyMemory(from: UnsafeRawBufferPointer(rebasing: staging[whole..<whole + pending]))
    }

    /// Brings the bytes to the disk and gives the file its name; another of that name is replaced.
    ///
    /// - Precondition: all bytes that were reserved were appended.
    /// - Returns: the whole file, mapped.
    /// - Throws: `FileError`; then there is no file.
    package func publish() throws(FileError) -> MappedBytes {
        precondition(count == byteCount, "\(count) bytes of \(byteCount)")
        try write(pending)
        guard fsync(temporary.descriptor) == 0 else {
            throw Self.error(path, "cannot be brought to the disk", errno)
        }
        let bytes = try MappedFile(path: temporary.path, named: path).bytes
        guard rename(temporary.path, path) == 0 else { throw Self.error(path, "cannot be named", errno) }
        temporary.isRenamed = true
        return bytes
    }

    /// Writes the first `count` pending bytes.
    private func write(_ count: Int) throws(FileError) {
        var rest = UnsafeRawBufferPointer(rebasing: staging[..<count])
        while !rest.isEmpty {
            let done = pwrite(temporary.descriptor, rest.baseAddress, rest.count, off_t(written))
            if done < 0 && errno == EINTR { continue }
            guard done > 0 else { throw Self.error(path, "cannot be written", errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[done...])
            written += done
        }
        pending -= count
    }

    /// Removes the drafts in a folder whose writers are gone.
    package static func removeLeftovers(in folder: String) {
        for name in Folder.names(in: folder) where name.hasSuffix(suffix) {
            let path = "\(folder)/\(name)"
            let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
            close(descriptor)
        }
    }

    /// - Returns: the error's number, 0 for none.
    private static func reserve(_ descriptor: CInt, _ byteCount: Int) -> CInt {
        #if canImport(Darwin)
        var request = fstore_t(
            fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(byteCount),
            fst_bytesalloc: 0)
        guard fcntl(descriptor, F_PREALLOCATE, &request) != -1, ftruncate(descriptor, off_t(byteCount)) == 0 else {
            return errno
        }
        return 0
        #else
        // Going past this limit would raise a signal.
        var limit = rlimit()
        if getrlimit(fileSizeLimit, &limit) == 0, UInt64(byteCount) > UInt64(limit.rlim_cur) { return EFBIG }
        // To reserve more than there is would take all of it for a moment, from whoever else writes.
        var room = statvfs()
        if fstatvfs(descriptor, &room) == 0 {
            let (free, isHuge) = UInt64(room.f_bavail).multipliedReportingOverflow(by: UInt64(room.f_frsize))
            if !isHuge, UInt64(byteCount) > free { return ENOSPC }
        }
        return posix_fallocate(descriptor, 0, off_t(byteCount))
        #endif
    }

    #if canImport(Glibc)
    private static var fileSizeLimit: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_FSIZE.rawValue) }
    #elseif canImport(Musl)
    private static var fileSizeLimit: CInt { RLIMIT_FSIZE }
    #endif

    private static func error(_ path: String, _ what: String, _ number: CInt) -> FileError {
        let full = [ENOSPC, EDQUOT, EFBIG].contains(number)
        return FileError(
            code: full ? .full : .system, path: path,
            message: "\(what): \(String(cString: strerror(number)))\(full ? "; free some disk space" : "")")
    }
}
