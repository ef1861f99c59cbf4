/// A device that joined the cluster. Times are in seconds since 1970.
package struct Member: Sendable, Hashable {
    /// The identity in its certificate.
    package var id: String
    /// Its name, which no other present member has.
    package var name: String
    /// HOST:PORT of its worker, as the coordinator reaches it.
    package var address: String
    package var joinedAt: Int64
    /// When it was shut out; `nil` while it is a member.
    package var removedAt: Int64?

    package init(id: String, name: String, address: String, joinedAt: Int64, removedAt: Int64? = nil) {
        self.id = id
        self.name = name
        self.address = address
        self.joinedAt = joinedAt
        self.removedAt = removedAt
    }
}
