#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension NetworkInterface {
    /// The interfaces of this machine, as they are now.
    package static func all() -> [NetworkInterface] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var interfaces: [String: NetworkInterface] = [:]
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            let name = String(cString: entry.ifa_name)
            let flags = Int32(truncatingIfNeeded: entry.ifa_flags)
            let has = { (flag: Int) in flags & Int32(flag) != 0 }
            var interface =
                interfaces[name]
                ?? NetworkInterface(
                    name: name, index: Int32(clamping: if_nametoindex(entry.ifa_name)), isUp: has(Flag.up),
                    isLoopback: has(Flag.loopback), isPointToPoint: has(Flag.pointToPoint),
                    takesMulticast: has(Flag.multicast), isPhysical: DeviceLinks.isPhysical(name))
            if let network = network(entry.ifa_addr, mask: entry.ifa_netmask) { interface.networks.append(network) }
            interfaces[name] = interface
        }
        return interfaces.values.filter { $0.index > 0 }.sorted { $0.index < $1.index }
    }

    private static func network(
        _ address: UnsafeMutablePointer<sockaddr>?, mask: UnsafeMutablePointer<sockaddr>?
    ) -> NetworkPrefix? {
        guard let bytes = bytes(address), let address = NetworkAddress(bytes: bytes) else { return nil }
        let bits = self.bytes(mask)?.reduce(0) { $0 + $1.nonzeroBitCount } ?? 8 * bytes.count
        return NetworkPrefix(address, bits: bits)
    }

    private static func bytes(_ address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
        guard let address else { return nil }
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) }
            }
        default: return nil
        }
    }

    /// `<net/if.h>`; Swift sees them as an enumeration on one system and as numbers on another.
    private enum Flag {
        #if os(Linux)
        static let (up, loopback, pointToPoint, multicast) = (0x1, 0x8, 0x10, 0x1000)
        #else
        static let (up, loopback, pointToPoint, multicast) = (0x1, 0x8, 0x10, 0x8000)
        #endif
    }
}

/// What the kernel says of an interface's device: `/sys/class/net` (Linux, Documentation/ABI/testing/sysfs-class-net).
private enum DeviceLinks {
    /// Bridges over VLANs over bonds are as deep as it gets.
    private static let mostLevels = 8

    /// Whether an interface has a device, or stands over one that has.
    static func isPhysical(_ name: String, level: Int = 0) -> Bool {
        #if os(Linux)
        guard level < mostLevels, !name.contains("/") else { return false }
        let folder = "/sys/class/net/\(name)"
        if access("\(folder)/device", F_OK) == 0 { return true }
        return lower(folder).contains { isPhysical($0, level: level + 1) }
        #else
        return true
        #endif
    }

    /// The interfaces under one: `lower_NAME` each.
    private static func lower(_ folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("lower_") { names.append(String(name.dropFirst("lower_".count))) }
        }
        return names
    }
}
