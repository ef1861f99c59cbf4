import Hummingbird
import NIOCore

/// What pages of browsers may do here: those of this server all, those of other sites nothing, unless they were allowed.
///
/// A page of any site can have a browser send requests to this machine. What browsers say of where a request comes from (`Origin`,
/// `Sec-Fetch-Site`) tells its pages from programs, which say nothing. A page whose name an attacker points to this machine (DNS
/// rebinding) counts as this server's own, but for its name: where no key is asked for, the names are known ones.
///
/// A value.
package struct SitePolicy: Sendable {
    /// Names of this server besides those of every machine, in lower case.
    private let hosts: Set<String>
    /// Sites whose pages may ask, as `https://ui.example:8443`, in lower case.
    private let origins: Set<String>
    private let allowsAnyOrigin: Bool
    /// Whether this server's own pages come by https.
    var isSecure = false

    /// What a request says of itself.
    package struct Asked: Sendable {
        package var host: String?
        package var origin: String?
        package var fetchSite: String?

        package init(host: String?, origin: String? = nil, fetchSite: String? = nil) {
            self.host = host
            self.origin = origin
            self.fetchSite = fetchSite
        }
    }

    /// - Parameters:
    ///   - hosts: Names that clients reach this server by, such as the machine's.
    ///   - origins: Sites whose pages may ask; `*` is any.
    package init(hosts: [String] = [], origins: [String] = [], isSecure: Bool = false) {
        self.hosts = Set(hosts.map { Self.name(inHost: $0.lowercased()) }).subtracting([""])
        self.origins = Set(origins.map { $0.lowercased() })
        allowsAnyOrigin = origins.contains("*")
        self.isSecure = isSecure
    }

    /// The site that is to be told that its page may read the answer.
    ///
    /// - Returns: `nil` for programs and for this server's own pages.
    /// - Throws: 403 for a page of another site that is not allowed.
    package func allowedOrigin(_ asked: Asked) throws(APIError) -> String? {
        if let origin = asked.origin {
            if isOwn(origin.lowercased(), host: asked.host) { return nil }
            guard allowsAnyOrigin || origins.contains(origin.lowercased()) else { throw .otherSite(origin) }
            return origin
        }
        // Browsers name the site of a request that only reads in this way alone.
        switch asked.fetchSite?.lowercased() {
        case nil, "none", "same-origin": return nil
        default:
            guard allowsAnyOrigin else { throw .otherSite(nil) }
            return nil
        }
    }

    /// Refuses names that an attacker may have pointed here. For where no key is asked for.
    ///
    /// - Throws: 403 for a name that is not known. A request without one is no browser's.
    package func checkHost(_ host: String?) throws(APIError) {
        guard let host else { return }
        let name = Self.name(inHost: host.lowercased())
        // An address cannot be pointed elsewhere.
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        guard isAddress || name == "localhost" || name.hasSuffix(".localhost") || hosts.contains(name) else {
            throw .invalidRequest(
                "this server is not known by the name \(Self.shown(name)): ask it by its address, start it with --allow-host \(Self.shown(name)), or have it ask for keys (shoal key add NAME)",
                code: "unknown_host", status: .forbidden)
        }
    }

    private func isOwn(_ origin: String, host: String?) -> Bool {
        guard let host = host?.lowercased() else { return false }
        let (scheme, port) = isSecure ? ("https", ":443") : ("http", ":80")
        // Browsers leave out the usual port.
        return origin == "\(scheme)://\(host.hasSuffix(port) ? String(host.dropLast(port.count)) : host)"
    }

    /// The name or address in what stands in `Host`, without port and brackets.
    private static func name(inHost host: String) -> String {
        if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
        let name = host.prefix { $0 != ":" }
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }

    fileprivate static func shown(_ text: String) -> String { text.count <= 100 ? text : text.prefix(100) + "…" }
}

extension APIError {
    fileprivate static func otherSite(_ origin: String?) -> APIError {
        let site = origin.map(SitePolicy.shown) ?? "another site"
        return .invalidRequest(
            "pages of \(site) may not use this server; start it with --allow-origin \(origin.map(SitePolicy.shown) ?? "ORIGIN") to let them",
            code: "origin_not_allowed", status: .forbidden)
    }

    /// A body that is not said to be JSON: a page of any site could send one without asking first.
    static var notJSON: APIError {
        .invalidRequest(
            "the body must be JSON: send Content-Type: application/json", code: "invalid_json",
            status: .unsupportedMediaType)
    }
}
