import Foundation
import Transport

/// Which endpoints are one: a worker that is named by two addresses would be linked to twice, and each link take it from the other.
enum ResolvedHosts {
    /// The devices without those that are reached where one before them is; says which.
    static func withoutRepeats(_ devices: [NamedDevice]) -> [NamedDevice] {
        let ports = Dictionary(grouping: devices, by: \.endpoint.port).filter { $1.count > 1 }
        guard !ports.isEmpty else { return devices }
        var seen: [String: NamedDevice] = [:]
        return devices.filter { device in
            guard ports[device.endpoint.port] != nil else { return true }
            let addresses = addresses(of: device.endpoint)
            if let other = addresses.compactMap({ seen[$0] }).first {
                Console.error("\(device.name) is the same device as \(other.name): it is used once")
                return false
            }
            for address in addresses { seen[address] = device }
            return true
        }
    }

    /// The addresses that a host's name stands for, with the port; the name itself where none is known.
    private static func addresses(of endpoint: Endpoint) -> [String] {
        var hints = addrinfo()
        #if os(Linux)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(endpoint.host, "\(endpoint.port)", &hints, &first) == 0 else { return ["\(endpoint)"] }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        var next = first
        while let entry = next {
            next = entry.pointee.ai_next
            var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let isNamed =
                getnameinfo(
                    entry.pointee.ai_addr, entry.pointee.ai_addrlen, &host, socklen_t(host.count), nil, 0,
                    NI_NUMERICHOST) == 0
            guard isNamed else { continue }
            let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            addresses.append("\(name) \(endpoint.port)")
        }
        return addresses.isEmpty ? ["\(endpoint)"] : addresses
    }
}
