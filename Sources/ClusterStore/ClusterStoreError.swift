/// Why the coordinator's state cannot be read or written; names the file, the cause and the mend.
package struct ClusterStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String
    /// Whether what was asked for cannot be, rather than that the state cannot be used.
    package let isRefusal: Bool

    package init(_ message: String, isRefusal: Bool = true) {
        self.message = message
        self.isRefusal = isRefusal
    }

    init(_ error: any Error, path: String) {
        self.init(
            (error as? ClusterStoreError)?.message
                ?? "the coordinator's state \(path) cannot be used: \(error); check that the disk has room and that the file is yours, or give another --data-dir",
            isRefusal: (error as? ClusterStoreError)?.isRefusal ?? false)
    }

    package var description: String { message }
}
