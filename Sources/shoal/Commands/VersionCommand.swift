import ArgumentParser
import Tensors
import Wire

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the version.", discussion: "Example: shoal version --json")

    @Flag(help: "Prints JSON.") var json = false

    private struct Facts: Encodable {
        var version: String
        var lowestProtocolVersion: UInt32
        var highestProtocolVersion: UInt32
        var instructionSet: String
    }

    /// What `shoal --version` prints too.
    static var line: String {
        "shoal \(SoftwareVersion.current) (protocol \(ProtocolVersion.highest), \(Kernels.instructionSet))"
    }

    func run() throws {
        let facts = Facts(
            version: SoftwareVersion.current, lowestProtocolVersion: ProtocolVersion.lowest,
            highestProtocolVersion: ProtocolVersion.highest, instructionSet: Kernels.instructionSet)
        if json { return try Console.json(facts) }
        Console.write(Self.line + "\n")
    }
}
