import Transport

extension Endpoint {
    /// Whether it stands for all addresses of a machine.
    var isAnyHost: Bool { host == "0.0.0.0" || host == "::" }

    /// Addresses that can be typed on another machine to get there: of all addresses of this one those that others may reach. Where it has
    /// none, loopback.
    var typed: [Endpoint] {
        guard isAnyHost else { return [self] }
        let own = ((try? OwnAddresses.endpoints(port: port)) ?? []).filter { host == "::" || !$0.host.contains(":") }
        return own.isEmpty ? [Endpoint(host: "127.0.0.1", port: port)] : own
    }

    /// The same in words.
    var words: String {
        let places = typed
        let shown = places.prefix(3).map(\.description).joined(separator: " or ")
        return places.count > 3 ? "\(shown) (and \(places.count - 3) more)" : shown
    }
}
