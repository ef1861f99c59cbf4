#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the system says of a file.
package struct FileStatus: Sendable {
    /// Its size in bytes.
    package let bytes: Int
    /// Bytes of the disk that its content takes.
    package let allocatedBytes: Int
    /// When it was last used, in nanoseconds since 1970.
    package let accessed: Int64
    package let identity: FileIdentity
}

/// What the system says of a file; `nil` when there is none.
package func fileStatus(_ path: String) -> FileStatus? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    #if canImport(Darwin)
    let (accessed, modified) = (status.st_atimespec, status.st_mtimespec)
    #else
    let (accessed, modified) = (status.st_atim, status.st_mtim)
    #endif
    return FileStatus(
        bytes: Int(status.st_size), allocatedBytes: Int(status.st_blocks) * 512,
        accessed: Int64(accessed.tv_sec) * 1_000_000_000 + Int64(accessed.tv_nsec),
        identity: FileIdentity(
            inode: UInt64(status.st_ino), size: UInt64(status.st_size),
            modified: (seconds: Int64(modified.tv_sec), nanoseconds: Int64(modified.tv_nsec))))
}
