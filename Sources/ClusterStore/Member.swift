import Identity

/// A device that joined the cluster. Times are in seconds since 1970.
package struct Member: Sendable, Hashable {
    /// The name of the coordinator's own device, which no member has.
    package static let reservedName = DeviceName.coordinator

    /// The identity in its certificate.
    package var id: String
    /// Its name, which no other present member has, nor one that looks like it.
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

extension String {
    /// Whether there are control characters, C0 or C1 (ECMA-48): a line feed would forge lines of lists and logs.
    var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }
    }
}
