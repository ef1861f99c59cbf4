import Hummingbird

extension APIContext {
    /// Whether the client is on this machine: its address is one of loopback, or the one that it asked.
    var isLocal: Bool {
        guard let remote = remoteAddress else { return false }
        return ClientAddress(remote) == .loopback || remote.ipAddress == localAddress?.ipAddress
    }

    /// Headers that proxies add: what comes through one on this machine need not come from this machine.
    private static let proxyHeaders = ["forwarded", "x-forwarded-for", "x-real-ip", "via"]

    /// Refuses what only users of this machine may do: clients elsewhere, and pages of browsers here.
    ///
    /// A page of any site can have a browser send a request to loopback. One with a JSON body it must announce first, which is not
    /// allowed here; one under a name of its own that it points to loopback (DNS rebinding) has that name as host. No page has a key.
    ///
    /// - Throws: 403, or 415 for another type of body than JSON.
    func requireLocal(_ request: Request) throws(APIError) {
        guard isLocal, !request.headers.contains(where: { Self.proxyHeaders.contains($0.name.canonicalName) }),
            key != nil || Self.isLoopback(authority: request.head.authority)
        else {
            throw .invalidRequest(
                "this can be asked from the coordinator's own machine only, at 127.0.0.1 or localhost",
                code: "not_local", status: .forbidden)
        }
        guard request.isJSON else { throw .notJSON }
    }

    private static func isLoopback(authority: String?) -> Bool {
        guard let authority else { return true }
        let host =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
        return host == "localhost" || host == "::1"
            || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }
}
