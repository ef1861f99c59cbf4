import ArgumentParser
import Foundation

/// The coordinator that a command asks, and how it is let in there.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The coordinator, http:// or https://.", valueName: "URL"))
    var server = Self.standard

    @Option(
        help: ArgumentHelp(
            "A key to its API, where it asks for one. An argument shows in process lists: the environment's SHOAL_API_KEY does not.",
            valueName: "KEY"))
    var key: String?

    @Option(help: ArgumentHelp("The authority that its certificate is of, in PEM; for https://.", valueName: "FILE"))
    var authority: String?

    private static let standard = "http://127.0.0.1:8080"

    /// Whether none was named.
    var isStandard: Bool { server == Self.standard }

    /// The key, from the arguments or the environment.
    var presentKey: String? {
        let key = key ?? ProcessInfo.processInfo.environment["SHOAL_API_KEY"]
        return key?.isEmpty == true ? nil : key
    }

    func validate() throws {
        guard server.hasPrefix("http://") || server.hasPrefix("https://") else {
            throw ValidationError("--server takes a URL such as http://127.0.0.1:8080, not \(server)")
        }
        // What a header cannot hold; the key itself is not repeated.
        guard presentKey?.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) ?? true else {
            throw ValidationError("the key has characters that no key has: copy it again as `shoal key add` printed it")
        }
    }
}
