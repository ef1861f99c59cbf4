import ArgumentParser
import Foundation
import Identity
import Transport

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes this machine the authority of a new cluster.",
        discussion: """
            Once, on the machine that will run `shoal serve`. After that only devices that joined with a token of `shoal token` are
            talked to, and all links are encrypted. Keep the folder's copy where nobody else reads it.
            Example: shoal init
            """)

    @OptionGroup var identity: IdentityOptions
    @Option(help: "The coordinator's name (default: the host's).") var name: String?
    @Flag(help: "Prints JSON.") var json = false

    private struct Document: Encodable {
        var folder: String
        /// SHA-256 of the authority's certificate, in hexadecimal.
        var fingerprint: String
    }

    func validate() throws {
        guard let name else { return }
        do throws(IdentityError) { _ = try DeviceName(name) } catch { throw ValidationError(error.message) }
    }

    func run() throws {
        let folder = AuthorityFolder(dataFolder: identity.folder)
        let authority = try folder.make(
            name: name ?? DeviceName(ofHost: ProcessInfo.processInfo.hostName).description,
            now: LinkSecurity.systemClock())
        let fingerprint = authority.certificate.fingerprint.map { String(format: "%02x", $0) }.joined()
        if json { return try Console.json(Document(folder: folder.path, fingerprint: fingerprint)) }
        Console.write("the cluster's authority is in \(folder.path)\nfingerprint: \(fingerprint)\n")
        Console.write("next: shoal serve, shoal token, and on each device: shoal worker --join TOKEN\n")
    }
}
