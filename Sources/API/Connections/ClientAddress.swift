package import NIOCore

/// Where a connection comes from, as far as it counts for limits: IPv6 networks have a whole /64 to one subscriber or more.
package enum ClientAddress: Sendable, Hashable {
    /// This machine.
    case loopback
    /// An IPv4 address, the first half of an IPv6 address, or all of a link-local one.
    case network([UInt8])

    /// - Parameter address: `nil`, or of another kind than IP, is of this machine.
    package init(_ address: SocketAddress?) {
        switch address {
        // Where the address lies in sockaddr_in and sockaddr_in6 (RFC 3493).
        case .v4(let address): self.init(v4: withUnsafeBytes(of: address.address) { Array($0[4..<8]) })
        case .v6(let address): self.init(v6: withUnsafeBytes(of: address.address) { Array($0[8..<24]) })
        default: self = .loopback
        }
    }

    private init(v4 bytes: [UInt8]) { self = bytes[0] == 127 ? .loopback : .network(bytes) }

    private init(v6 bytes: [UInt8]) {
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff {
            self.init(v4: Array(bytes[12...]))
        } else if bytes == [UInt8](repeating: 0, count: 15) + [1] {
            self = .loopback
        } else {
            let isLinkLocal = bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
            self = .network(isLinkLocal ? bytes : Array(bytes[..<8]))
        }
    }
}

extension ClientAddress: CustomStringConvertible {
    /// As a report names a client by it.
    package var description: String {
        switch self {
        case .loopback: "local"
        case .network(let bytes) where bytes.count == 4: bytes.map { "\($0)" }.joined(separator: ".")
        case .network(let bytes):
            stride(from: 0, to: bytes.count, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
                .joined(separator: ":") + (bytes.count == 8 ? "::/64" : "")
        }
    }
}
