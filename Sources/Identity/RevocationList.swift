/// The devices that are shut out. Ids are never used again, so that lists unite: none lets a device in that another shut out.
package struct RevocationList: Sendable, Hashable, Codable {
    /// Rises with every removal, as long as the coordinator's state is not put back to an earlier one.
    package private(set) var version: UInt64
    /// The ids of members.
    package private(set) var devices: Set<String>

    package init(version: UInt64 = 0, devices: Set<String> = []) {
        self.version = version
        self.devices = devices
    }

    /// Takes over what a list says that is not known yet.
    ///
    /// - Returns: whether it said anything new.
    package mutating func unite(with list: RevocationList) -> Bool {
        guard list.version > version || !list.devices.isSubset(of: devices) else { return false }
        version = max(version, list.version)
        devices.formUnion(list.devices)
        return true
    }

    /// Whether the device is shut out. A coordinator cannot be.
    package func contains(_ identity: ClusterIdentity) -> Bool {
        identity.kind == .member && devices.contains(identity.id)
    }
}
