import CWireProto

/// Asks for a device report.
package struct DescribeDevice: Sendable, Hashable {
    /// Whether the report is to say what is wrong with the device, which takes it some programs and up to seconds.
    package var diagnose: Bool

    package init(diagnose: Bool = false) { self.diagnose = diagnose }
}

extension DescribeDevice {
    init(_ proto: Shoal__DescribeDevice) { diagnose = proto.diagnose != 0 }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__DescribeDevice> {
        let proto = arena.make(shoal__describe_device__init)
        proto.pointee.diagnose = diagnose ? 1 : 0
        return proto
    }
}
