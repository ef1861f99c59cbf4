import API
import ArgumentParser
import Foundation
import Placement

struct ModelsCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Shows the models that the coordinator knows, and which devices hold their layers.",
        discussion: """
            The one that is placed, and those that were: devices keep their layers, so placing them again sends only what is missing.
            Example: shoal models --server http://lap:8080
            """)

    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    func run() async throws {
        let data = try await HTTP(server).get("/api/models")
        let list = try JSONDecoder().decode(KnownModelList.self, from: data)
        // As the coordinator tells it, field for field.
        if json { return try Console.json(list, keys: .useDefaultKeys) }
        if list.models.isEmpty { return Console.write("no model was placed yet\n") }
        var table = Table([("model", .left), ("size", .right), ("state", .left), ("held by", .left)])
        for model in list.models {
            let devices = model.devices.filter { $0.shards > 0 || $0.bytes > 0 || !$0.connected }.map { device in
                device.connected
                    ? "\(device.name): \(device.shards) of \(model.shards) shards, \(ByteCount(device.bytes))"
                    : "\(device.name): not connected"
            }
            table.add([
                model.id, "\(ByteCount(model.bytes))", Self.state(of: model),
                devices.isEmpty ? "–" : devices.joined(separator: "; "),
            ])
        }
        Console.write(table.description + "\n")
    }

    private static func state(of model: KnownModelBody) -> String {
        if let status = model.status {
            return status.status == "ok" ? "placed" : "placed: \(status.message ?? status.status)"
        }
        switch model.file {
        case "present": return "not placed"
        case "changed": return "not placed; the file was changed since"
        default: return "not placed; the file is gone"
        }
    }
}
