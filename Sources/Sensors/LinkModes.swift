#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What a network card says it could do, in Mbit/s.
package struct LinkModes: Sendable, Hashable {
    /// The fastest that the card itself can; 0 where none is told.
    package var supported: Int
    /// The fastest that the other end of the cable offers; `nil` where it does not say.
    package var partner: Int?

    package init(supported: Int, partner: Int? = nil) {
        self.supported = supported
        self.partner = partner
    }
}

extension LinkModes {
    /// Asks a card of this machine by `ETHTOOL_GSET` (Linux, <linux/ethtool.h>, `struct ethtool_cmd`), which needs no rights.
    init?(interface: String) {
        #if os(Linux)
        let name = Array(interface.utf8)
        guard name.count < 16 else { return nil }
        let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // SIOCETHTOOL of <linux/sockios.h>; the command's number and its size.
        let request: UInt = 0x8946
        let words = 11
        let command = UnsafeMutablePointer<UInt32>.allocate(capacity: words)
        defer { command.deallocate() }
        command.update(repeating: 0, count: words)
        command[0] = 0x0000_0001
        // struct ifreq: the name in 16 bytes, then a pointer.
        let asked = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
        defer { asked.deallocate() }
        asked.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
        asked.copyMemory(from: name, byteCount: name.count)
        asked.storeBytes(of: UnsafeMutableRawPointer(command), toByteOffset: 16, as: UnsafeMutableRawPointer.self)
        guard ioctl(descriptor, request, asked) == 0 else { return nil }
        self.init(supportedBits: command[1], partnerBits: command[8])
        #else
        return nil
        #endif
    }

    /// - Parameters:
    ///   - supportedBits: `SUPPORTED_…` of `struct ethtool_cmd`.
    ///   - partnerBits: `lp_advertising`, with the same bits; 0 where the partner says nothing.
    init(supportedBits: UInt32, partnerBits: UInt32) {
        supported = Self.fastest(supportedBits)
        partner = partnerBits == 0 ? nil : Self.fastest(partnerBits)
    }

    /// Bits of <linux/ethtool.h>, fastest first.
    private static let speeds: [(bits: UInt32, megabits: Int)] = [
        (1 << 12 | 1 << 18 | 1 << 19 | 1 << 20, 10_000), (1 << 15, 2500), (1 << 4 | 1 << 5 | 1 << 17, 1000),
        (1 << 2 | 1 << 3, 100), (1 << 0 | 1 << 1, 10),
    ]

    private static func fastest(_ bits: UInt32) -> Int { speeds.first { bits & $0.bits != 0 }?.megabits ?? 0 }
}
