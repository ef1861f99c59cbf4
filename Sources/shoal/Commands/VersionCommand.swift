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

    func run() throws {
        let facts = Facts(
            version: SoftwareVersion.current, lowestProtocolVersion: ProtocolVersion.lowest,
            highestProtocolVersion: ProtocolVersion.highest, instructionSet: Kernels.instructionSet)
        if json { return try Console.json(facts) }
        Console.write("shoal \(facts.version) (protocol \(facts.highestProtocolVersion), \(facts.instructionSet))\n")
    }
}
