import ArgumentParser
import ClusterStore
import CoordinatorCore
import Foundation
import Identity
import NIOCore
import Transport

struct TokenCommand: ParsableCommand, UsesDataFolder {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes a token with which one device joins the cluster.",
        discussion: """
            To be run on the coordinator's machine, while `shoal serve` runs or before. Whoever has the token can join in your device's
            place until it is used or expires: give it to nobody else. Only its hash is kept here.
            Example: shoal token --expires 1h
            Example: shoal token --list
            """)

    @Option(
        help: ArgumentHelp(
            "For how long it is good, as 30m, 24h or 7d (30 days at most; default: 24h).", valueName: "TIME"),
        transform: TokenLife.init(checking:))
    var expires = TokenLife(seconds: 86_400)
    @Option(
        name: .customLong("address"),
        help: ArgumentHelp(
            "Where devices reach the coordinator's join port (repeatable; default: this machine's addresses, port \(JoinService.port)).",
            valueName: "HOST:PORT"))
    var addresses: [String] = []
    @Flag(help: "Makes none, but shows the tokens that are good or were used, without their secrets.")
    var list = false
    @Option(
        help: ArgumentHelp(
            "Makes none, but takes one back by its ID in --list, or all that nobody used.", valueName: "ID|all"))
    var revoke: String?
    @OptionGroup var identity: IdentityOptions
    @Flag(help: "Prints JSON.") var json = false

    var folder: String { identity.folder }

    private struct Document: Encodable {
        var token: String
        /// What names it in `--list`; no secret.
        var id: String
        /// Seconds since 1970.
        var expiresAt: Int64
        var addresses: [String]
    }

    func validate() throws {
        guard !(list && revoke != nil) else { throw ValidationError("--list and --revoke exclude each other") }
        if list || revoke != nil, !addresses.isEmpty {
            throw ValidationError("--address goes with a token that is made, not with --list or --revoke")
        }
        guard addresses.count <= JoinToken.mostAddresses else {
            throw ValidationError("--address may be given \(JoinToken.mostAddresses) times, not \(addresses.count)")
        }
        for address in addresses where (try? Endpoint(parsing: address)) == nil || address.utf8.count > 250 {
            throw ValidationError("--address takes HOST:PORT, not \(address)")
        }
    }

    func run() throws {
        guard let authority = try AuthorityFolder(dataFolder: identity.folder).load() else {
            throw CommandError(
                "there is no cluster's authority in \(identity.folder): run `shoal init` first, or give --data-dir\(PackagedService.coordinator.hint)"
            )
        }
        let now = LinkSecurity.systemClock()
        let store = try ClusterStore(folder: identity.folder)
        if list { return try TokenView.list(try store.joinTokens(), now: now, json: json) }
        if let revoke {
            let ids = try store.revokeJoinTokens(id: revoke == "all" ? nil : revoke.lowercased(), now: now)
            return try TokenView.revoked(ids, json: json)
        }
        let endpoints = try addresses.map { try Endpoint(parsing: $0, defaultPort: JoinService.port) }
        let reachable = endpoints.isEmpty ? try OwnAddresses.endpoints(port: JoinService.port) : endpoints
        guard !reachable.isEmpty else {
            throw CommandError(
                "this machine has no address that other devices could reach: connect it to the network, or give --address HOST:PORT"
            )
        }
        let token = JoinToken(
            fingerprint: authority.certificate.fingerprint, expiresAt: now + expires.seconds,
            addresses: reachable.map(\.description))
        try store.addJoinToken(
            secretHash: token.secretHash, now: now, expiresAt: token.expiresAt)
        if json {
            return try Console.json(
                Document(
                    token: token.text, id: JoinTokenRecord.id(ofSecretHash: token.secretHash),
                    expiresAt: token.expiresAt, addresses: token.addresses))
        }
        Console.write("\(token.text)\n")
        Console.error(
            "good for one device, for \(expires.words): shoal join there (it asks \(token.addresses.joined(separator: ", ")))"
        )
    }
}

/// How long a token is good.
struct TokenLife: Sendable, CustomStringConvertible {
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    /// Reads `90s`, `30m`, `24h` or `7d`.
    ///
    /// - Throws: `ValidationError` with the bounds.
    init(checking argument: String) throws {
        let number = argument.dropLast()
        let isNumber = !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber }
        guard let unit = argument.last.flatMap({ Self.units[$0] }), isNumber else {
            throw ValidationError("it takes a number and a unit, as 90s, 30m, 24h or 7d")
        }
        // More digits than a number has.
        let count = Int64(number) ?? .max
        guard count > 0 else { throw ValidationError("a token is good for 1s at least") }
        guard count <= Self.longest / unit else { throw ValidationError("a token is good for 30d at most") }
        seconds = count * unit
    }

    private static let longest: Int64 = 30 * 86_400

    var description: String { words }

    var words: String {
        for (letter, unit) in Self.units.sorted(by: { $0.value > $1.value }) where seconds % unit == 0 && letter != "d"
        {
            return "\(seconds / unit)\(letter)"
        }
        return "\(seconds)s"
    }

    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
}

/// The addresses of this machine.
enum OwnAddresses {
    /// As they are now, without those that hold on one link only; none where the system does not say.
    @Sendable static func all() -> Set<String> {
        let addresses = (try? System.enumerateDevices())?.compactMap { $0.address?.ipAddress } ?? []
        return Set(addresses.filter { !$0.hasPrefix("127.") && $0 != "::1" && !$0.lowercased().hasPrefix("fe80:") })
    }

    /// Those that others may reach: without loopback, and without addresses that hold on one link only.
    ///
    /// - Throws: what the system says.
    static func endpoints(port: Int) throws -> [Endpoint] {
        let hosts = try System.enumerateDevices().compactMap { $0.address?.ipAddress }.filter {
            !$0.hasPrefix("127.") && $0 != "::1" && !$0.lowercased().hasPrefix("fe80:") && !$0.hasPrefix("169.254.")
        }
        var seen: Set<String> = []
        // IPv4 first: home networks have it.
        let ordered = hosts.filter { !$0.contains(":") } + hosts.filter { $0.contains(":") }
        return ordered.filter { seen.insert($0).inserted }.prefix(8).map { Endpoint(host: $0, port: port) }
    }
}
