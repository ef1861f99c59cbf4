#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// An IPv4 or IPv6 address, as it is on the wire.
package struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes.
    package let bytes: [UInt8]

    /// - Returns: `nil` where there are neither 4 nor 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads a numeric address without a scope; `nil` for anything else.
    package init?(_ text: String) {
        guard text.utf8.count <= 64, !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.bytes = Array(bytes.prefix(4))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.bytes = bytes
        } else {
            return nil
        }
    }

    package var isIPv4: Bool { bytes.count == 4 }

    /// Whether it is good on one link alone: 169.254/16 (RFC 3927) or fe80::/10 (RFC 4291, 2.5.6).
    package var isLinkLocal: Bool {
        isIPv4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
    }

    /// Whether it is of this machine alone: 127/8 or ::1.
    package var isLoopback: Bool {
        isIPv4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    /// Whether it stands for all addresses of a machine: 0.0.0.0 or ::.
    package var isAny: Bool { bytes.allSatisfy { $0 == 0 } }

    /// Whether a machine can be dialed there: not a group, no address for all, nor one that stands for none or for this machine itself.
    package var isDialable: Bool {
        if isLoopback || isAny { return false }
        if isIPv4 { return (1..<224).contains(bytes[0]) }
        // ff00::/8 are groups; ::ffff:0:0/96 is IPv4 written longer, which would evade these rules.
        return bytes[0] != 0xff && !(bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff)
    }

    package var description: String {
        guard !isIPv4 else { return bytes.map { "\($0)" }.joined(separator: ".") }
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
            preconditionFailure("16 bytes that are no IPv6 address")
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// An address with the part of it that all machines of its network have.
package struct NetworkPrefix: Sendable, Hashable {
    package let address: NetworkAddress
    /// 0 to 32 or 128.
    package let bits: Int

    package init(_ address: NetworkAddress, bits: Int) {
        self.address = address
        self.bits = min(max(0, bits), 8 * address.bytes.count)
    }

    /// Whether an address is of the same network.
    package func contains(_ other: NetworkAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        let whole = bits / 8
        guard address.bytes.prefix(whole) == other.bytes.prefix(whole) else { return false }
        let rest = bits % 8
        return rest == 0 || (address.bytes[whole] ^ other.bytes[whole]) >> UInt8(8 - rest) == 0
    }
}
