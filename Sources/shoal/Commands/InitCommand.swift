import ArgumentParser
import Foundation
import Identity
import Transport

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes this machine the authority of a new cluster.",
        discussion: """
            Once, on the machine that will run `shoal serve`. After that only devices that joined are
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
        /// Whether a coordinator ran with this folder already.
        var serving: Bool
    }

    func validate() throws {
        guard let name else { return }
        do throws(IdentityError) { _ = try DeviceName(name) } catch { throw ValidationError(error.message) }
    }

    func run() async throws {
        let service = PackagedService.coordinator
        let isForService = identity.dataDir == nil && service.isOwn
        let folder = AuthorityFolder(dataFolder: identity.folder)
        let isServing = FolderLock.isHeld(identity.folder)
        let authority = try await Account(owning: identity.folder).acting {
            try folder.make(
                name: name ?? DeviceName(ofHost: ProcessInfo.processInfo.hostName).description,
                now: LinkSecurity.systemClock())
        }
        if isForService { try PackagedService.endWaitingWorker() }
        let isStarted = try isForService && !noStart && service.enableAndStart()
        let fingerprint = authority.certificate.fingerprint.map { String(format: "%02x", $0) }.joined()
        if json {
            return try Console.json(
                Document(folder: folder.path, fingerprint: fingerprint, started: isStarted, serving: isServing))
        }
        Console.write("the cluster's authority is in \(folder.path)\nfingerprint: \(fingerprint)\n")
        let here = DeviceName(ofHost: ProcessInfo.processInfo.hostName).description
        let joining = "on each device: shoal join \(here), which shows a code for shoal approve here"
        if isStarted {
            Console.write("\(service.unit) runs; next, \(joining)\n")
        } else if isServing {
            Console.write(
                "the coordinator that runs here takes devices within seconds (one with --insecure must be started again without); next, \(joining)\n"
            )
        } else {
            Console.write("next: \(isForService ? service.startCommand : "shoal serve"), and \(joining)\n")
        }
    }
}
