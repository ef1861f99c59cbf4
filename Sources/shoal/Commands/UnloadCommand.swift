import API
import ArgumentParser
import Foundation

struct UnloadCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "unload",
        abstract: "Has the coordinator take its model away; devices keep the layers on their disks.",
        discussion: """
            Running answers have half a minute to end. To be run on the coordinator's machine.
            Example: shoal unload --server http://127.0.0.1:8080
            """)

    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    private struct Nothing: Encodable {}

    func run() async throws {
        let data = try await HTTP(server).post("/api/models/unload", Nothing())
        let body = try JSONDecoder().decode(UnloadBody.self, from: data)
        if json { return try Console.json(body) }
        Console.write("\(body.unloaded) is unloaded\n")
    }
}
