import ArgumentParser
import Foundation
import Identity
import Transport

/// The coordinator that a command asks, and how it is let in there.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The coordinator, http:// or https://; the environment's SHOAL_SERVER is another default.", valueName: "URL"
        ))
    var server = Self.chosen

    @Option(
        help: ArgumentHelp(
            "A key to its API, where it asks for one. An argument shows in process lists: the environment's SHOAL_API_KEY does not. On the coordinator's machine, who can read its folder needs none.",
            valueName: "KEY"))
    var key: String?

    @Option(help: ArgumentHelp("The authority that its certificate is of, in PEM; for https://.", valueName: "FILE"))
    var authority: String?

    @OptionGroup var identity: IdentityOptions

    private static let standard = "http://127.0.0.1:8080"

    /// What the environment says, else this machine's.
    private static var chosen: String {
        let server = ProcessInfo.processInfo.environment["SHOAL_SERVER"] ?? ""
        return server.isEmpty ? standard : server
    }

    /// The coordinator's folder, if that is on this machine.
    var folder: String { identity.folder }

    /// Whether none was named.
    var isStandard: Bool { server == Self.standard }

    /// The key, from the arguments or the environment.
    var presentKey: String? {
        let key = key ?? ProcessInfo.processInfo.environment["SHOAL_API_KEY"]
        return key?.isEmpty == true ? nil : key
    }

    func validate() throws {
        guard server.hasPrefix("http://") || server.hasPrefix("https://"), URL(string: server)?.host() != nil else {
            throw ValidationError(
                "--server (and SHOAL_SERVER) takes a URL such as http://127.0.0.1:8080, not \(server)")
        }
        // What a header cannot hold; the key itself is not repeated.
        guard presentKey?.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) ?? true else {
            throw ValidationError("the key has characters that no key has: copy it again as `shoal key add` printed it")
        }
    }
}

extension ServerOptions {
    /// Where a request goes, and which key it has.
    struct Way {
        /// Scheme, host and port.
        var base: String
        var key: String?
    }

    /// The way of a request that is sent now: a coordinator that starts again has another owner's key.
    var way: Way {
        let base = server.hasSuffix("/") ? String(server.dropLast()) : server
        if let presentKey { return Way(base: base, key: presentKey) }
        guard let place = OwnerKey.Place(url: base), let key = OwnerKey.read(from: folder),
            let host = key.host(for: place)
        else { return Way(base: base) }
        // What the name stands for was asked of nobody.
        let isRenamed = place.host == "localhost" && !place.isSecure
        return Way(base: isRenamed ? "http://\(Endpoint(host: host, port: place.port))" : base, key: key.secret)
    }

    /// What to do where the coordinator asks for a key and there is none.
    var hintWithoutKey: String {
        guard presentKey == nil, way.key == nil else { return "" }
        let makesOne =
            "`shoal key add NAME` on the coordinator's machine makes one, and the environment's SHOAL_API_KEY takes it"
        guard let place = OwnerKey.Place(url: server), place.isThisMachine else {
            return "; \(makesOne) (SHOAL_SERVER=\(server) spares --server)"
        }
        return
            "; the coordinator's owner needs none where its folder can be read, and \(OwnerKey.file(in: folder)) is not its: give --data-dir FOLDER\(PackagedService.coordinator.hint). Else \(makesOne)"
    }
}

extension OwnerKey {
    /// Where a request goes, as its URL says.
    struct Place {
        var isSecure: Bool
        /// In lower case, without brackets.
        var host: String
        var port: Int

        /// `nil` for what is no URL.
        init?(url: String) {
            guard let url = URLComponents(string: url), let scheme = url.scheme?.lowercased(), let host = url.host
            else { return nil }
            isSecure = scheme == "https"
            self.host = host.lowercased().trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            port = url.port ?? (isSecure ? 443 : 80)
        }

        var isThisMachine: Bool { host == "localhost" || OwnerKey.isLoopback(host) }
    }

    /// The address that a request goes to which the key is for: the coordinator that has it listens there, so that nobody else can. The key
    /// never leaves this machine.
    ///
    /// - Returns: `nil` where the key is not to be sent.
    func host(for place: Place) -> String? {
        guard let bound = try? Endpoint(parsing: address), bound.port == place.port else { return nil }
        let isAny = bound.host == "0.0.0.0" || bound.host == "::"
        if place.host == "localhost" {
            if isAny { return bound.host == "::" ? "::1" : "127.0.0.1" }
            return Self.isLoopback(bound.host) ? bound.host : nil
        }
        guard Self.isLoopback(place.host) else { return nil }
        if bound.host == "0.0.0.0" { return place.host.contains(":") ? nil : place.host }
        return isAny || bound.host == place.host ? place.host : nil
    }

    fileprivate static func isLoopback(_ host: String) -> Bool {
        if host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }
}
