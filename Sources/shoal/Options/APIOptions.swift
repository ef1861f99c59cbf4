import API
import ArgumentParser
import ClusterStore
import Foundation
import Logging
import Transport

/// Where and for whom the API is.
struct APIOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the API listens.", valueName: "HOST:PORT"))
    var listen = Endpoint(host: "127.0.0.1", port: 8080)

    @Flag(help: "Asks for a key also while there is none (shoal key add NAME makes one).")
    var requireKey = false

    @Flag(help: "Answers anybody who reaches the port while there is no key, also from other machines.")
    var open = false

    @Option(
        help: ArgumentHelp(
            "Another name that clients reach the API by, while it asks for no key (may be repeated).",
            valueName: "NAME"))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "A site whose pages may use the API, such as https://ui.example; * is any (may be repeated).",
            valueName: "ORIGIN"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "Serves https: the server's certificate in PEM, followed by those up to its authority's.", valueName: "FILE"
        ))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, in PEM.", valueName: "FILE"))
    var tlsKey: String?

    @Option(help: ArgumentHelp("Connections to the API at a time; the longest idle ones go first.", valueName: "N"))
    var connections = ConnectionLimits().total

    @Option(help: ArgumentHelp("Connections at a time from one address, other than this machine's.", valueName: "N"))
    var connectionsPerAddress = ConnectionLimits().perAddress

    func validate() throws {
        guard !(open && requireKey) else { throw ValidationError("--open and --require-key exclude each other") }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together")
        }
        for origin in allowOrigin where !Self.isOrigin(origin) {
            throw ValidationError(
                "--allow-origin takes SCHEME://HOST[:PORT] or *, as a browser's Origin header has it, not \(origin)")
        }
        guard (16...65536).contains(connections) else {
            throw ValidationError("--connections takes 16 to 65536, not \(connections)")
        }
        guard (1...65536).contains(connectionsPerAddress) else {
            throw ValidationError("--connections-per-address takes 1 to 65536, not \(connectionsPerAddress)")
        }
    }

    /// The certificate, where one is given.
    ///
    /// - Throws: `APIServerError`
    func tls() throws -> ServerTLS? {
        guard let tlsCertificate, let tlsKey else { return nil }
        return try ServerTLS(certificate: tlsCertificate, key: tlsKey)
    }

    private static func isOrigin(_ text: String) -> Bool {
        if text == "*" || text == "null" { return true }
        guard let scheme = text.range(of: "://"), scheme.lowerBound > text.startIndex else { return false }
        let rest = text[scheme.upperBound...]
        return !rest.isEmpty && !rest.contains { "/?# ".contains($0) }
    }

    /// Whose pages may ask, and by which names.
    func sites() -> SitePolicy {
        let machine = ProcessInfo.processInfo.hostName
        let short = String(machine.prefix { $0 != "." })
        return SitePolicy(hosts: allowHost + [machine, short, "\(short).local", listen.host], origins: allowOrigin)
    }

    /// Who may ask. Warns where what is asked for is not safe.
    ///
    /// - Parameter owner: the secret with which commands on this machine are let in.
    /// - Throws: `CommandError` where anybody on the network could use the API and it was not said that this is meant.
    func access(store: ClusterStore, owner: String, logger: Logger) throws -> AccessControl {
        let hasKeys = try !store.accessKeys().isEmpty
        if !listen.isLoopback {
            guard hasKeys || requireKey || open else {
                throw CommandError(
                    "with --listen \(listen) everybody who reaches this machine could use the API, and there is no key yet: "
                        + "make one with `shoal key add NAME`, or say --open to answer anybody")
            }
            if !hasKeys, open { Console.error("warning: the API answers anybody who reaches \(listen.words)") }
            if tlsCertificate == nil, !open || hasKeys {
                Console.error(
                    "warning: keys and texts cross the network in the clear; --tls-certificate and --tls-key encrypt them"
                )
            }
        }
        // Once it was meant to be closed, it does not open again when the last key is removed.
        let isClosed = requireKey || (!listen.isLoopback && !open)
        return AccessControl(isClosed ? .always : .onceKeysExist, owner: owner, logger: logger) {
            try store.accessKeys()
        }
    }

    /// What connections may take, within the files that this process may have open.
    func limits() -> ConnectionLimits {
        var limits = ConnectionLimits()
        // What is not for the API: links, models, the store.
        limits.total = max(16, min(connections, OpenFiles.raiseLimit() - 256))
        limits.perAddress = connectionsPerAddress
        return limits
    }
}

extension Endpoint {
    /// Whether only this machine's programs can reach it. A name may stand for any address, but for localhost.
    fileprivate var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}
