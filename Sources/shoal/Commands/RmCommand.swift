import API
import ArgumentParser
import Foundation
import Placement
import Wire

struct RmCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes a model from the disks of the cluster: its layers, and its file.",
        discussion: """
            Devices remove its layers and their packed copies. The model's own file goes too where it is in the coordinator's models
            folder (models in its data folder); files elsewhere stay. To be run on the coordinator's machine.
            Example: shoal rm llama-2-13b.Q4_0 --keep-file
            """)

    @Argument(help: ArgumentHelp("The model's name as shoal models tells it, or its file.", valueName: "model"))
    var model: String
    @Flag(help: "Takes the model away first where it is being served.") var unload = false
    @Flag(help: "Leaves the model's own file where it is.") var keepFile = false
    @Flag(help: "Asks nothing.") var yes = false
    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    func run() async throws {
        let http = try HTTP(server)
        if !yes {
            guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
                throw CommandError("there is no terminal to ask on whether \(model) is to be removed: give --yes")
            }
            guard isConfirmed(try await remove(http, isDry: true)) else {
                throw CommandError("nothing was removed")
            }
        }
        let removed = try await remove(http, isDry: false)
        // As the coordinator tells it, field for field.
        if json { return try Console.json(removed, keys: .useDefaultKeys) }
        Console.write(text(removed))
    }

    private func remove(_ http: HTTP, isDry: Bool) async throws -> RemovedModelBody {
        let path = URL(filePath: model).standardizedFileURL.path
        let isFile = model.contains("/") || FileManager.default.fileExists(atPath: path)
        let request = RemoveModelRequest(
            model: isFile ? path : model, unload: unload, keepFile: keepFile, dryRun: isDry)
        return try JSONDecoder().decode(
            RemovedModelBody.self, from: try await http.post("/api/models/remove", request))
    }

    private func isConfirmed(_ removal: RemovedModelBody) -> Bool {
        let bytes = removal.devices.reduce(0) { $0.saturatingAdd($1.bytes) }
        Console.error("\(removal.model): \(ByteCount(bytes)) of layers on \(counted(removal.devices))")
        for device in removal.devices {
            Console.error("  \(device.name): \(device.reason ?? "\(ByteCount(device.bytes))")")
        }
        Console.error(
            removal.file.removed
                ? "and its file \(removal.file.path), \(ByteCount(removal.file.bytes ?? 0)), which is then gone for good"
                : "its file \(removal.file.path) stays: \(removal.file.reason ?? "it is kept")")
        Console.errorUnescaped("Remove? [y/N] ")
        let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
        return answer == "y" || answer == "yes"
    }

    private func counted(_ devices: [RemovedModelBody.Device]) -> String {
        "\(devices.count) device\(devices.count == 1 ? "" : "s")"
    }

    private func text(_ removed: RemovedModelBody) -> String {
        var lines: [String] = []
        if !removed.devices.isEmpty || removed.packedBytes > 0 {
            var table = Table([("device", .left), ("freed", .right), ("kept", .left)])
            for device in removed.devices {
                table.add([device.name, "\(ByteCount(device.bytes))", device.reason ?? "–"])
            }
            if removed.packedBytes > 0 {
                table.add([ClusterSession.ownDevice, "\(ByteCount(removed.packedBytes))", "–"])
            }
            lines.append(table.description)
        }
        let path = removed.file.path.printable(onOneLine: true)
        lines.append(
            removed.file.removed
                ? "removed \(path), \(ByteCount(removed.file.bytes ?? 0))"
                : "\(path) stays: \((removed.file.reason ?? "it is kept").printable(onOneLine: true))")
        return lines.joined(separator: "\n") + "\n"
    }
}
