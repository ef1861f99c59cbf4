#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Lets one process, and one thread of it, at a time make a store or bring it to a later form.
///
/// On a file of its own: a process that closes any descriptor of a database loses the locks that SQLite has on it.
struct OpeningLock {
    private let descriptor: CInt

    /// Waits until nobody else has it. May block.
    ///
    /// - Throws: `ClusterStoreError` for a file that cannot be made or locked.
    init(path: String) throws(ClusterStoreError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ClusterStoreError(path, "made") }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let error = ClusterStoreError(path, "locked")
                close(descriptor)
                throw error
            }
        }
    }

    /// Lets others have it; once.
    func release() { close(descriptor) }
}

/// A file that nobody but its owner may read.
enum PrivateFile {
    /// Makes an empty one, where none is. To be called with the lock alone, when nobody has it open.
    ///
    /// - Throws: `ClusterStoreError`
    static func make(_ path: String) throws(ClusterStoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 || errno == EEXIST else { throw ClusterStoreError(path, "made") }
        if descriptor >= 0 { close(descriptor) }
    }
}

extension ClusterStoreError {
    fileprivate init(_ path: String, _ what: String) {
        self.init(
            "\(path) cannot be \(what): \(String(cString: strerror(errno))); check that the disk has room and that the folder is yours, or give another --data-dir"
        )
    }
}
