#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Synchronization

/// A file that is written through its mapping, and gets its name only when it is whole and on the disk.
///
/// Its space is reserved before it is mapped, so that a full disk is an error here and no signal later. Until it is published it has a
/// temporary name in the same folder, and its writer holds a lock on it: what a process that died left behind has none, and is removed
/// when the next draft is made there. Several processes may write the same file at once; the last one's name stays.
///
/// Thread safety: none; the mapping may be written by several threads that see to exclusion.
package final class DraftFile {
    /// The path that it will have.
    package let path: String
    /// What is written: zeros at first. Not to be used after `publish`.
    package let bytes: UnsafeMutableRawBufferPointer
    private let storage: ByteStorage
    private let temporary: TemporaryName

    static let suffix = ".draft"
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

    /// Reserves and maps `byteCount` bytes (at least one), making the folder.
    ///
    /// - Throws: `FileError`: `full` when there is no room, `system` for all other reasons.
    package init(path: String, byteCount: Int) throws(FileError) {
        precondition(byteCount > 0, "a draft of \(byteCount) bytes")
        self.path = path
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
        guard let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            address != MAP_FAILED
        else { throw Self.error(path, "cannot be mapped into memory", errno) }
        bytes = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
        storage = ByteStorage(mapping: UnsafeRawBufferPointer(bytes))
    }

    /// Brings the bytes to the disk, gives the file its name (another of that name is replaced), and lets nobody write it any more.
    ///
    /// - Throws: `FileError`; then there is no file, and its bytes must not be relied on.
    package func publish() throws(FileError) -> MappedBytes {
        guard msync(bytes.baseAddress, bytes.count, MS_SYNC) == 0, fsync(temporary.descriptor) == 0 else {
            throw Self.error(path, "cannot be brought to the disk", errno)
        }
        guard mprotect(bytes.baseAddress, bytes.count, PROT_READ) == 0 else {
            throw Self.error(path, "cannot be protected", errno)
        }
        guard rename(temporary.path, path) == 0 else { throw Self.error(path, "cannot be named", errno) }
        temporary.isRenamed = true
        return MappedBytes(storage: storage, offset: 0, count: bytes.count)
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
