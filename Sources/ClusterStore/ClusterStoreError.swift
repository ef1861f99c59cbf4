/// Why the coordinator's state cannot be read or written; names the file, the cause and the mend.
package struct ClusterStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) { self.message = message }

    init(_ error: any Error, path: String) {
        self.init(
            (error as? ClusterStoreError)?.message
                ?? "the coordinator's state \(path) cannot be used: \(error); check that the disk has room and that the file is yours, or give another --data-dir"
        )
    }

    package var description: String { message }
}
