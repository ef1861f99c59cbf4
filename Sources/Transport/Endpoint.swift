/// A host and a TCP port.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// The default port of a worker.
    package static let workerPort = 7077
    /// The default port where devices join the cluster.
    package static let joinPort = 7078

    /// A name or a numeric address, without brackets.
    package var host: String
    /// 0 to 65535; 0 only for listening, where it means any free port.
    package var port: Int

    /// - Precondition: `port` is within 0 to 65535.
    package init(host: String, port: Int) {
        precondition((0...65535).contains(port), "port \(port) is not within 0 to 65535")
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `host`, `1.2.3.4:port`, `[::1]:port`, `[::1]` or `::1`.
    ///
    /// - Parameter defaultPort: for texts without a port.
    /// - Throws: `TransportError` `invalidAddress`.
    package init(parsing text: String, defaultPort: Int = Endpoint.workerPort) throws(TransportError) {
        func invalid(_ reason: String) -> TransportError {
            TransportError(.invalidAddress, "\"\(text)\" is not an address: \(reason); write HOST:PORT or [IPV6]:PORT")
        }
        let host: Substring
        let portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw invalid("the closing bracket is missing") }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw invalid("after the bracket comes :PORT or nothing") }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            let colons = text.count { $0 == ":" }
            if colons == 1, let colon = text.firstIndex(of: ":") {
                host = text[..<colon]
                portText = text[text.index(after: colon)...]
            } else {
                host = text[...]
                portText = nil
            }
        }
        guard !host.isEmpty else { throw invalid("the host is empty") }
        guard host.utf8.allSatisfy(Self.isOfHost) else {
            throw invalid("a host has letters, digits, full stops and - alone")
        }
        guard let portText else {
            self.init(host: String(host), port: defaultPort)
            return
        }
        guard portText.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(portText)
        else { throw invalid("\"\(portText)\" is not a port from 0 to 65535") }
        self.init(host: String(host), port: Int(port))
    }

    /// Names in other scripts are the resolver's to judge; `:` and `%` are of IPv6.
    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...:
            true
        default: ".-_:%".utf8.contains(byte)
        }
    }

    /// `host:port`, with brackets around an IPv6 address; parses back to an equal endpoint.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
