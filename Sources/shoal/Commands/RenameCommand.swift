import API
import ArgumentParser
import ClusterStore
import Foundation
import Identity

struct RenameCommand: AsyncParsableCommand, UsesNetwork, UsesDataFolder {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Gives a device that joined another name.",
        discussion: """
            Running answers pause for a moment and go on. The device learns its name by itself. To be run on the coordinator's machine.
            Example: shoal rename pi3 attic
            """)

    @Argument(help: ArgumentHelp("The device's name, as `shoal devices` shows it.", valueName: "device"))
    var device: String
    @Argument(help: ArgumentHelp("Its new name, of letters, digits, '.', '-' and '_'.", valueName: "name"))
    var name: String
    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    var folder: String { server.folder }

    private struct Document: Encodable {
        var renamed: String
        var name: String
        /// Whether a running coordinator did it.
        var byCoordinator: Bool
    }

    func validate() throws {
        do throws(IdentityError) { _ = try DeviceName.member(name) } catch { throw ValidationError(error.message) }
    }

    func run() async throws {
        let http = try HTTP(server)
        let answered = await http.answers()
        if answered {
            _ = try await http.post("/api/devices/rename", RenameDeviceRequest(device: device, name: name))
        } else {
            try renameInStore()
        }
        if json { return try Console.json(Document(renamed: device, name: name, byCoordinator: answered)) }
        Console.write("\(device) is called \(name) from now on\n")
        if !answered {
            Console.error(
                "no coordinator answers at \(server.server): one that runs with this folder obeys within seconds")
        }
    }

    private func renameInStore() throws {
        guard let store = try ClusterRecords.open(server.folder) else {
            throw CommandError(
                "no coordinator answers at \(server.server), and none has its store in \(server.folder): give --server URL or --data-dir FOLDER"
            )
        }
        _ = try store.renameMember(device, to: name)
    }
}
