/// The devices that are shut out. A later list replaces an earlier one.
package struct RevocationList: Sendable, Hashable, Codable {
    /// Rises with every change.
    package private(set) var version: UInt64
    /// The ids of members.
    package private(set) var devices: Set<String>

    package init(version: UInt64 = 0, devices: Set<String> = []) {
        self.version = version
        self.devices = devices
    }

    /// Takes over a list, unless it is not newer.
    ///
    /// - Returns: whether it was taken.
    package mutating func update(to list: RevocationList) -> Bool {
        guard list.version > version else { return false }
        self = list
        return true
    }

    /// Whether the device is shut out. A coordinator cannot be.
    package func contains(_ identity: ClusterIdentity) -> Bool {
        identity.kind == .member && devices.contains(identity.id)
    }
}
