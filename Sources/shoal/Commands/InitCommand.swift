import ArgumentParser
import Foundation
import Identity
import Transport

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes this machine the authority of a new cluster.",
        discussion: """
            Once, on the machine that will run `shoal serve`. After that only devices that joined with a token of `shoal token` are
            talked to, and all links are encrypted. Keep the folder's copy where nobody else reads it. As root, where the Debian package is
            installed, it does that for the package's service, and starts that now and whenever the machine starts; the package's worker
            no longer waits there to be joined.
            Example: shoal init
            """)

    @OptionGroup var identity: IdentityOptions
    @Option(help: "The coordinator's name (default: the host's).") var name: String?
    @Flag(help: "Does not start the package's service.") var noStart = false
    @Flag(help: "Prints JSON.") var json = false

    private struct Document: Encodable {
        var folder: String
        /// SHA-256 of the authority's certificate, in hexadecimal.
        var fingerprint: String
        /// Whether the package's service was started.
        var started: Bool
    }

    func validate() throws {
        guard let name else { return }
        do throws(IdentityError) { _ = try DeviceName(name) } catch { throw ValidationError(error.message) }
    }

    func run() async throws {
        let service = PackagedService.coordinator
        let isForService = identity.dataDir == nil && service.isOwn
        let folder = AuthorityFolder(dataFolder: identity.folder)
        let authority = try await Account(owning: identity.folder).acting {
            try folder.make(
                name: name ?? DeviceName(ofHost: ProcessInfo.processInfo.hostName).description,
                now: LinkSecurity.systemClock())
        }
        if isForService { try PackagedService.endWaitingWorker() }
        let isStarted = try isForService && !noStart && service.enableAndStart()
        let fingerprint = authority.certificate.fingerprint.map { String(format: "%02x", $0) }.joined()
        if json {
            return try Console.json(Document(folder: folder.path, fingerprint: fingerprint, started: isStarted))
        }
        Console.write("the cluster's authority is in \(folder.path)\nfingerprint: \(fingerprint)\n")
        let serving =
            isStarted
            ? "\(service.unit) runs; next: sudo shoal token,"
            : "next: \(isForService ? service.startCommand : "shoal serve"), shoal token,"
        Console.write("\(serving) and on each device: shoal join\n")
    }
}
