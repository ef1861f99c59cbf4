/// The coordinator said that this device is a member no more.
package struct RemovedFromCluster: Error, Sendable, Hashable, CustomStringConvertible {
    package init() {}

    package var description: String {
        "this device was removed from the cluster by its coordinator; to take it in again: `shoal token` there, `shoal join` here"
    }
}
