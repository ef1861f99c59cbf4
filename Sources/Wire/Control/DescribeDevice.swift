import CWireProto

/// Asks for a device report.
package struct DescribeDevice: Sendable, Hashable {
    package init() {}
}

extension DescribeDevice {
    init(_: Shoal__DescribeDevice) {
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__DescribeDevice> {
        arena.make(shoal__describe_device__init)
    }
}
