#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the system says of a file: its size in bytes, and when it was last used, in nanoseconds since 1970.
package func fileStatus(_ path: String) -> (bytes: Int, accessed: Int64, identity: FileIdentity)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    #if canImport(Darwin)
    let (accessed, modified) = (status.st_atimespec, status.st_mtimespec)
    #else
    let (accessed, modified) = (status.st_atim, status.st_mtim)
    #endif
    return (
        Int(status.st_size), Int64(accessed.tv_sec) * 1_000_000_000 + Int64(accessed.tv_nsec),
        FileIdentity(
            inode: UInt64(status.st_ino), size: UInt64(status.st_size),
            modified: (seconds: Int64(modified.tv_sec), nanoseconds: Int64(modified.tv_nsec)))
    )
}
