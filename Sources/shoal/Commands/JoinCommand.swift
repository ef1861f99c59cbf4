import ArgumentParser
import Foundation
import Identity
import NIOPosix
import Transport
import WorkerCore

struct JoinCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Joins this device to a cluster, with a token of `shoal token`.",
        discussion: """
            Once on each device; `shoal worker` needs no token then. As root, where the Debian package is installed, it joins for the
            package's service, and starts that now and whenever the machine starts.
            Arguments can be seen by other users of this machine while the command runs: so the token is best pasted, or read from a file.
            Example: sudo shoal join <token.txt
            """)

    @Argument(
        help: ArgumentHelp(
            "The token; - or none reads it from standard input.", valueName: "token"))
    var tokenText: String?

    @Option(help: "The device's name, of letters, digits, '.', '-' and '_' (default: the host's).")
    var name: String?

    @Option(help: ArgumentHelp("The worker's folder, for what it keeps.", valueName: "FOLDER"))
    var dataDir: String?

    @Flag(help: "Does not start the service.") var noStart = false
    @Flag(help: "Prints JSON.") var json = false

    private struct Document: Encodable {
        var name: String
        /// Where the device's key and certificate are.
        var folder: String
        /// Whether the service was started.
        var started: Bool
        /// What to type to have the worker run; absent where it was started.
        var startCommand: String?
    }

    func validate() throws {
        guard let name else { return }
        do throws(IdentityError) { _ = try DeviceName.member(name) } catch { throw ValidationError(error.message) }
    }

    func run() async throws {
        let service = PackagedService.worker
        let isForService = dataDir == nil && service.isOwn
        let worker = try isForService ? WorkerCommand.asConfigured(in: service.configuration) : WorkerCommand.parse([])
        let folder = dataDir ?? worker.folder
        let token = try JoinTokenInput.whole(tokenText)
        let membership = try await Account(owning: folder).acting {
            try await worker.join(folder: folder, name: name, token: token)
        }
        MembershipView.tell(membership.entry, of: membership.security.credentials)
        let isStarted = try isForService && !noStart && service.enableAndStart()
        let document = Document(
            name: membership.security.credentials.certificate.name, folder: MemberFolder(dataFolder: folder).path,
            started: isStarted,
            startCommand: isStarted
                ? nil
                : isForService
                    ? service.startCommand : "shoal worker\(dataDir.map { " --data-dir \(Self.quoted($0))" } ?? "")")
        if json { return try Console.json(document) }
        let hasJoined = membership.entry == .wasMember ? "is a member" : "has joined"
        Console.write("\(document.name) \(hasJoined); its identity is in \(document.folder)\n")
        if let command = document.startCommand {
            Console.write("next: \(command)\n")
        } else {
            Console.write("\(service.unit) runs, now and whenever this machine starts\n")
        }
    }

    /// A word of a shell's command.
    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            byte > 127 || UInt8(ascii: "+")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "@")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || byte == UInt8(ascii: "_")
        }
        return plain ? word : "'\(word.replacingOccurrences(of: "'", with: "'\\''"))'"
    }
}

extension WorkerCommand {
    /// The worker that a service runs.
    ///
    /// - Throws: `WrongUsage`, `CommandError`
    fileprivate static func asConfigured(in file: String) throws -> WorkerCommand {
        guard FileManager.default.fileExists(atPath: file) else { return try WorkerCommand.parse([]) }
        let arguments = ["--config", file]
        return try WorkerCommand.parse(arguments).applyingConfiguration(to: arguments)
    }

    /// Joins with a token, as this worker.
    fileprivate func join(folder: String, name: String?, token: JoinToken) async throws -> Membership {
        let logger = Log.make("shoal.join")
        let device = name ?? self.name ?? DeviceName(ofHost: ProcessInfo.processInfo.hostName).description
        let client = JoinClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, device: joining(as: device), logger: logger)
        guard
            let membership = try await Membership.open(
                MemberFolder(dataFolder: folder), token: token, client: client, logger: logger)
        else { preconditionFailure("no membership, with a token") }
        return membership
    }
}
