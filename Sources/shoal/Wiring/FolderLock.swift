import Foundation

/// Keeps a second coordinator off a data folder: two with the same memory of what is placed would take each other's stages away.
struct FolderLock {
    let folder: String
    private let descriptor: Int32

    /// - Throws: `CommandError` where another process has it, or the folder cannot be written.
    init(_ folder: String) throws {
        self.folder = folder
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandError(
                "the folder \(folder) cannot be made: \(TextFile.reason(error)); give another --data-dir, or one that this user may write"
            )
        }
        let path = "\(folder)/coordinator.lock"
        descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandError("\(path) cannot be opened: \(String(cString: strerror(errno))); give another --data-dir")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CommandError(
                "another coordinator runs with the data folder \(folder): stop it, or give this one another --data-dir")
        }
    }

    /// Whether a coordinator runs with a folder.
    static func isHeld(_ folder: String) -> Bool {
        let descriptor = open("\(folder)/coordinator.lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// The end of the process does that too.
    func unlock() { close(descriptor) }
}
