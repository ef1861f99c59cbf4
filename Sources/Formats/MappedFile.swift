#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A regular file mapped read-only into memory.
///
/// Opening touches no page of the content. The mapping lives as long as the file object or any `MappedBytes` of it.
/// Where the file is made shorter meanwhile, what is gone reads as zeros and the mapping is marked as damaged (`CMappings`): who reads it
/// calls `check` of the file or of its bytes afterwards, before anything comes of what was read.
///
/// Thread safety: immutable, may be read from any thread.
package final class MappedFile: Sendable {
    /// The path as it was given.
    package let path: String
    /// What the file was when it was mapped.
    package let identity: FileIdentity
    private let storage: ByteStorage

    /// Maps the file at `path`.
    ///
    /// - Throws: `FileError` when there is no such file, it is not a regular file, or it cannot be read or mapped.
    package convenience init(path: String) throws(FileError) { try self.init(path: path, named: path) }

    /// Maps a file that is about to be renamed.
    init(path: String, named name: String) throws(FileError) {
        self.path = name
        (storage, identity) = try Self.map(path: path, named: name)
    }

    /// The size of the file in bytes.
    package var count: Int { storage.buffer.count }

    /// The whole content.
    package var bytes: MappedBytes { MappedBytes(storage: storage, offset: 0, count: count) }

    /// - Throws: `FileError` (damaged) when the file was made shorter or written to since it was mapped.
    package func check() throws(FileError) { try bytes.check() }

    private static func map(path: String, named name: String) throws(FileError) -> (ByteStorage, FileIdentity) {
        guard !path.utf8.contains(0) else {
            throw FileError(code: .notFound, path: path, message: "the path contains a zero byte: check the path")
        }
        // O_NONBLOCK: a named pipe must be refused, not waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw openError(path: path, number: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw openError(path: path, number: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR:
            throw FileError(
                code: .isDirectory, path: path, message: "is a directory, not a file: give the path of a file in it")
        default:
            throw FileError(
                code: .notRegular, path: path,
                message: "is not a regular file and cannot be mapped: copy its content into a file first")
        }
        let size = Int(status.st_size)
        #if canImport(Darwin)
        let modified = status.st_mtimespec
        #else
        let modified = status.st_mtim
        #endif
        let identity = FileIdentity(
            inode: UInt64(status.st_ino), size: UInt64(size),
            modified: (seconds: Int64(modified.tv_sec), nanoseconds: Int64(modified.tv_nsec)))
        guard size > 0 else { return (ByteStorage(copying: []), identity) }
        guard let address = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED else {
            throw FileError(
                code: .system, path: path, message: "cannot be mapped into memory: \(String(cString: strerror(errno)))")
        }
        let mapping = UnsafeRawBufferPointer(start: address, count: size)
        return (ByteStorage(mapping: mapping, path: name, identity: identity), identity)
    }

    private static func openError(path: String, number: CInt) -> FileError {
        switch number {
        case ENOENT, ENOTDIR:
            FileError(code: .notFound, path: path, message: "no such file: check the path")
        case EACCES, EPERM:
            FileError(
                code: .permissionDenied, path: path,
                message: "permission denied: make the file readable for this user (chmod +r) and its folders searchable"
            )
        default:
            FileError(
                code: .system, path: path, message: "cannot be opened: \(String(cString: strerror(number)))")
        }
    }
}
