import API
import ArgumentParser
import ClusterStore
import Foundation
import Transport

struct RemoveCommand: AsyncParsableCommand, UsesNetwork, UsesDataFolder {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Shuts a device out of the cluster.",
        discussion: """
            Its links end at once, and nobody of the cluster talks to it again. To be run on the coordinator's machine. It may join again
            with a new token.
            Example: shoal remove pi3
            """)

    @Argument(help: ArgumentHelp("The device's name, as `shoal devices` shows it.", valueName: "device")) var device:
        String
    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    var folder: String { server.folder }

    private struct Document: Encodable {
        var removed: String
        /// Whether a running coordinator did it.
        var byCoordinator: Bool
    }

    func run() async throws {
        let http = try HTTP(server)
        let answered = await http.answers()
        if answered {
            _ = try await http.post("/api/devices/remove", RemoveDeviceRequest(device: device))
        } else {
            try removeFromStore()
        }
        if json { return try Console.json(Document(removed: device, byCoordinator: answered)) }
        Console.write("\(device) is removed\n")
        if !answered {
            Console.error(
                "no coordinator answers at \(server.server): one that runs with this folder obeys within seconds, else the next one does when it starts"
            )
        }
    }

    private func removeFromStore() throws {
        guard let store = try ClusterRecords.open(server.folder) else {
            throw CommandError(
                "no coordinator answers at \(server.server), and none has its store in \(server.folder): give --server URL or --data-dir FOLDER"
            )
        }
        guard try store.removeMember(named: device, now: LinkSecurity.systemClock()) != nil else {
            let names = try store.members().map(\.name)
            throw CommandError(
                "no device \"\(device)\" has joined this cluster\(names.isEmpty ? "" : "; these have: \(names.joined(separator: ", "))")"
            )
        }
    }
}
