import ArgumentParser
import Identity
import NIOPosix
import Transport

/// Which cluster this command belongs to, where it dials workers itself.
struct IdentityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The coordinator's folder, with the cluster's authority and the owner's key (default: \(DataFolder.words(.coordinator))).",
            valueName: "FOLDER"))
    var dataDir: String?

    var folder: String { dataDir ?? DataFolder.standard(.coordinator) }
}

/// Whether links may be plain.
struct LinkOptions: ParsableArguments {
    @Flag(help: "Links are neither encrypted nor authenticated: for networks you trust. To be said on both sides.")
    var insecure = false

    /// How a coordinator's links are protected, with its credentials of a data folder.
    ///
    /// - Parameter dialsDevices: whether there is any device to link over the network.
    /// - Throws: `CommandError` where links would have to be plain and `--insecure` does not allow that, `IdentityError`,
    ///   `TransportError`.
    func coordinatorSecurity(folder: String, dialsDevices: Bool) throws -> TransportSecurity {
        if insecure {
            if dialsDevices { warn() }
            return .plain
        }
        let authority = AuthorityFolder(dataFolder: folder)
        if let credentials = try authority.coordinator(now: LinkSecurity.systemClock()) {
            return .mutual(try LinkSecurity(credentials, revoked: try ClusterRecords.revocations(folder)))
        }
        guard !dialsDevices else {
            throw CommandError(
                "links to devices are encrypted, and this cluster has no authority yet (\(authority.path) is not there): run `shoal init` here, `shoal token`, and `shoal worker --join TOKEN` on each device; or say --insecure here and there, in a network you trust"
            )
        }
        return .plain
    }

    /// Says what plain links mean.
    func warn() {
        Console.error(
            "warning: --insecure: links between devices are neither encrypted nor authenticated; whoever reaches a worker can use it and read what passes"
        )
    }
}

extension TransportSecurity {
    /// A transport of a command.
    func transport() -> TCPTransport {
        TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, security: self)
    }
}
