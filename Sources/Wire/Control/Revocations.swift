import CWireProto

/// Tells a worker which devices are shut out; it answers `RevocationsTaken`. Both are the transport's own business.
package struct Revocations: Sendable, Hashable {
    /// Rises with every removal.
    package var version: UInt64
    /// The identities in their certificates: all that are shut out, or a part of them. None takes back what an earlier list said.
    package var devices: [String]

    package init(version: UInt64, devices: [String]) {
        self.version = version
        self.devices = devices
    }
}

/// The list is obeyed.
package struct RevocationsTaken: Sendable, Hashable {
    package init() {}
}

extension Revocations {
    init(_ proto: Shoal__Revocations) throws(WireError) {
        version = proto.version
        devices = try ProtoReading.list(
            proto.devices, proto.n_devices, "Revocations.devices", limit: WireLimits.revocations
        ) { (device) throws(WireError) in
            try ProtoReading.text(device, "Revocations.devices", limit: WireLimits.nameBytes)
        }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Revocations> {
        guard devices.count <= WireLimits.revocations else {
            throw WireError(.tooLarge, "Revocations.devices: \(devices.count); at most \(WireLimits.revocations)")
        }
        let proto = arena.make(shoal__revocations__init)
        proto.pointee.version = version
        let list = arena.array(of: UnsafeMutablePointer<CChar>?.self, count: devices.count)
        for (index, device) in devices.enumerated() {
            list[index] = arena.text(device, limit: WireLimits.nameBytes)
        }
        proto.pointee.devices = list
        proto.pointee.n_devices = devices.count
        return proto
    }
}

extension RevocationsTaken {
    init(_ proto: Shoal__RevocationsTaken) {}

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__RevocationsTaken> {
        arena.make(shoal__revocations_taken__init)
    }
}
