import ArgumentParser
import Foundation
import Identity
import NIOPosix
import Transport
import WorkerCore

struct JoinCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Joins this device to a cluster: shows a code for the coordinator, or takes a token.",
        discussion: """
            Once on each device; `shoal worker` needs nothing then. With the coordinator's name or address it shows a code: whoever types
            that on the coordinator's machine, with `shoal approve CODE`, lets this device in. With a token of `shoal token` nobody needs to
            be there. As root, where the Debian package is installed, it joins for the
            package's service, and starts that now and whenever the machine starts.
            Arguments can be seen by other users of this machine while the command runs: so a token is best pasted, or read from a file.
            Example: sudo shoal join lap
            """)

    @Argument(
        help: ArgumentHelp(
            "The coordinator, as HOST or HOST:PORT, to join by a code; or a token. - or none reads a token from standard input.",
            valueName: "coordinator or token"))
    var target: String?

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
        let way = try JoinWay(target)
        let membership = try await Account(owning: folder).acting {
            try await worker.join(folder: folder, name: name, way)
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

    /// How many codes are shown, one after the other, before nobody is waited for any more.
    private static let mostCodes = 5

    /// Joins, as this worker.
    fileprivate func join(folder: String, name: String?, _ way: JoinWay) async throws -> Membership {
        let logger = Log.make("shoal.join")
        let device = name ?? self.name ?? DeviceName(ofHost: ProcessInfo.processInfo.hostName).description
        let client = JoinClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, device: joining(as: device), logger: logger)
        let token =
            switch way {
            case .token(let token): token
            case .code(let endpoint): try await Self.waitForApproval(client, at: endpoint)
            }
        guard
            let membership = try await Membership.open(
                MemberFolder(dataFolder: folder), token: token, client: client, logger: logger)
        else { preconditionFailure("no membership, with a token") }
        return membership
    }

    /// Shows codes until one is typed on the coordinator's machine.
    private static func waitForApproval(_ client: JoinClient, at endpoint: Endpoint) async throws -> JoinToken {
        for _ in 0..<mostCodes {
            let result = try await client.pair(at: endpoint) { event in
                switch event {
                case .code(let code, let seconds):
                    Console.error("on \(endpoint.host), type:  shoal approve \(code.text)    (within \(seconds) s)")
                case .wrongCode(let left): Console.error("another code was typed there: \(left) more may be")
                // Told when it joins, as with a token.
                case .clocks: break
                }
            }
            if case .approved(let token) = result { return token }
        }
        throw CommandError("nobody typed a code in time: run `shoal join \(endpoint)` again when somebody is there")
    }
}
